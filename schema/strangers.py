"""What strangers aren't told where the server is not open: the schema, and what they may mean."""

import re
from collections.abc import Iterable, Iterator

from graphql import DocumentNode, FieldNode, GraphQLError
from graphql.language import Visitor, visit
from strawberry.extensions import SchemaExtension

from schema.context import Context

INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"

_ABOUT_THE_SCHEMA = frozenset({"__schema", "__type", "_service"})
"""Fields that describe the schema. `__typename` names only what was asked for."""

_SUGGESTION = re.compile(r" Did you mean .*", re.DOTALL)
"""GraphQL's words, always its last, for names that resemble a wrong one."""


class Discretion(SchemaExtension):
    """Refuses introspection to strangers; whoever has signed in may look.

    It stands behind the extension that brings the document and what is wrong with it.
    """

    def on_validate(self) -> Iterator[None]:
        """Say no more of the schema than the document itself knows."""
        execution = self.execution_context
        document, found = execution.graphql_document, execution.pre_execution_errors
        if is_stranger(execution.context) and document is not None:
            if introspects(document):
                execution.pre_execution_errors = [_refused()]
            elif found:
                execution.pre_execution_errors = list(without_suggestions(found))
        yield


def is_stranger(context: object) -> bool:
    """Tell whether nobody has signed in."""
    return not isinstance(context, Context) or context.request.viewer is None


def introspects(document: DocumentNode) -> bool:
    """Tell whether a document asks about the schema, anywhere."""
    search = _Search()
    visit(document, search)
    return search.has_found


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


class _Search(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.has_found = False

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.has_found = self.has_found or node.name.value in _ABOUT_THE_SCHEMA


def _refused() -> GraphQLError:
    return GraphQLError(
        "Sign in to ask about the schema; it isn't shown to strangers here.",
        extensions={"code": INTROSPECTION_DISABLED},
    )
