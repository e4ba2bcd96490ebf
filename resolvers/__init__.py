"""Request logic without GraphQL: who may see what, loaded how; returns domain objects only."""
