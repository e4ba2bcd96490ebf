"""Documents: each is parsed and validated once, and its errors are told with their codes."""

from collections.abc import Iterator
from contextlib import suppress

from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache

from schema.errors import TOO_DEEP, add_code

DOCUMENTS_CACHED_MAX = 1_000
"""Parsed and validated documents that are kept; a client has some dozens."""


class ParsedOnce(ParserCache):
    """Keeps parsed documents.

    One that can't be parsed is left for Strawberry to parse again: raised from here, its error
    would tear a websocket's stream down instead of being answered.
    """

    def __init__(self) -> None:
        super().__init__(maxsize=DOCUMENTS_CACHED_MAX)

    def on_parse(self) -> Iterator[None]:
        """Look the document up, or parse it."""
        context = self.execution_context
        with suppress(GraphQLError, RecursionError):
            context.graphql_document = self.cached_parse_document(
                context.query, **context.parse_options
            )
        yield


class ValidatedOnce(ValidationCache):
    """Keeps what validation found, and gives it the code that tells it from errors of values."""

    def __init__(self) -> None:
        super().__init__(maxsize=DOCUMENTS_CACHED_MAX)

    def on_validate(self) -> Iterator[None]:
        """Look the document's errors up, or validate it."""
        context = self.execution_context
        try:
            errors = self.cached_validate_document(
                context.schema._schema,  # noqa: SLF001 - as in the class above
                context.graphql_document,
                context.validation_rules,
            )
        except RecursionError:
            errors = [GraphQLError(TOO_DEEP)]
        for error in errors:
            add_code(error, "GRAPHQL_VALIDATION_FAILED")
        context.pre_execution_errors = errors
        yield
