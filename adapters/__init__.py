"""One external system each, behind the domain's ports: no rules, no GraphQL, no settings."""
