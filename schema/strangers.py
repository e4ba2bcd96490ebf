"""What strangers aren't told where the server is not open: the schema, and what they may mean."""

import re
from collections.abc import Iterable, Iterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from schema.context import Context
from schema.prepared_documents import Documents

INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"

_SUGGESTION = re.compile(r" Did you mean .*", re.DOTALL)
"""GraphQL's words, always its last, for names that resemble a wrong one."""


class Discretion(SchemaExtension):
    """Refuses introspection to strangers; whoever has signed in may look.

    It stands behind the extension that brings the document and what is wrong with it.
    """

    def __init__(self, documents: Documents) -> None:
        super().__init__()
        self._documents = documents

    def on_validate(self) -> Iterator[None]:
        """Say no more of the schema than the document itself knows."""
        execution = self.execution_context
        text, found = execution.query or "", execution.pre_execution_errors
        if is_stranger(execution.context):
            if self._documents.prepared(text, execution.validation_rules).introspects:
                execution.pre_execution_errors = [_refused()]
            elif found:
                execution.pre_execution_errors = list(without_suggestions(found))
        yield


def is_stranger(context: object) -> bool:
    """Tell whether nobody has signed in."""
    return not isinstance(context, Context) or context.request.viewer is None


def without_suggestions(errors: Iterable[GraphQLError]) -> Iterator[GraphQLError]:
    """Yield copies that suggest no names: the errors themselves may be shared by all callers."""
    for error in errors:
        yield GraphQLError(
            unsuggestive(error.message),
            error.nodes,
            error.source,
            error.positions,
            error.path,
            error.original_error,
            error.extensions,
        )


def unsuggestive(message: str) -> str:
    """Return a message of GraphQL's without the names that it suggests."""
    return _SUGGESTION.sub("", message)


def _refused() -> GraphQLError:
    return GraphQLError(
        "Sign in to ask about the schema; it isn't shown to strangers here.",
        extensions={"code": INTROSPECTION_DISABLED},
    )
