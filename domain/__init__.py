"""The rules of the exchange, on the standard library alone: no I/O, no GraphQL, no HTTP."""
