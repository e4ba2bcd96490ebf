"""Documents that ask about the schema."""

from graphql import DocumentNode, FieldNode
from graphql.language import Visitor, visit

_ABOUT_THE_SCHEMA = frozenset({"__schema", "__type", "_service"})
"""Fields that describe the schema. `__typename` names only what was asked for."""


def introspects(document: DocumentNode) -> bool:
    """Tell whether a document asks about the schema, anywhere."""
    search = _Search()
    visit(document, search)
    return search.has_found


class _Search(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.has_found = False

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.has_found = self.has_found or node.name.value in _ABOUT_THE_SCHEMA
