"""The schema as the tools of clients take it: GraphQL alone, without what is for gateways."""

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    Node,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    build_ast_schema,
    parse,
    print_type,
    specified_directives,
    visit,
)
from graphql.language import REMOVE, Visitor
from graphql.language.visitor import VisitorActionEnum

from schema.directives import FEDERATIONS_OWN

_GRAPHQLS_OWN = frozenset(directive.name for directive in specified_directives)


def client_sdl(sdl: str) -> str:
    """Return a subgraph's SDL as that of a plain API, its types in the same order.

    A subgraph uses directives that it doesn't define, and has fields that only a gateway asks
    for: tools that know nothing of federation refuse the one and show the other.
    """
    document: DocumentNode = visit(parse(sdl), _WithoutFederation())
    types = build_ast_schema(document).type_map
    kept = (node for node in document.definitions if isinstance(node, TypeDefinitionNode))
    return "\n\n".join(print_type(types[node.name.value]) for node in kept)


class _WithoutFederation(Visitor):
    def enter(self, node: Node, *_: object) -> VisitorActionEnum | None:
        return REMOVE if _is_for_gateways(node) else None


def _is_for_gateways(node: Node) -> bool:
    match node:
        case DirectiveNode():
            return node.name.value not in _GRAPHQLS_OWN
        case TypeDefinitionNode() | FieldDefinitionNode():
            return node.name.value.startswith(FEDERATIONS_OWN)
        case _:
            return isinstance(node, SchemaDefinitionNode)  # the roots have their usual names
