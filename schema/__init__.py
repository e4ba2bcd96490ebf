"""The GraphQL face: Strawberry types and their execution, no rules and no storage."""
