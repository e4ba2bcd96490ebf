"""ASGI middlewares, one a file; each does one thing to every request, and knows no GraphQL."""
