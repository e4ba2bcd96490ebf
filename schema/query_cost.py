"""What an operation costs: reckoned as Shopify does, once per document, as a sum over list sizes.

Scalars are free and an object is a point, a mutation ten. A list costs its length times what one
item costs; a connection's items cost once, whichever of `edges` and `edges.node` is looked at. Of
an interface or union the dearest member counts. Introspection costs a point for ten rows; so do
rows that the store reads and nobody is shown: of pages whose items aren't asked for, and those that
a filter passes over, 1,000 for each filter until it is known better.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
)

from schema.cost_plan import ROWS_PER_POINT, CostPlan, Priced, total
from schema.list_sizes import PAGE, Size, is_page, size_of, stated_size
from schema.merged_fields import Fragments, fragments_of, merged_fields
from schema.weights import (
    MUTATION_POINTS,
    OBJECT_POINTS,
    STORED_LISTS,
    weight_of,
    weight_of_argument,
)

_INTROSPECTION: Mapping[str, GraphQLField] = MappingProxyType(
    {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
)


class Pricing:
    """Compiles operations of one schema to what they cost."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.names_of: dict[str, set[str]] = {}
        """By object type: all that a type condition may call it."""
        for named in schema.type_map.values():
            if is_object_type(named):
                self.names_of.setdefault(named.name, set()).add(named.name)
            elif is_abstract_type(named):
                for member in schema.get_possible_types(named):
                    self.names_of.setdefault(member.name, set()).add(named.name)

    def plan(self, document: DocumentNode, operation: OperationDefinitionNode) -> CostPlan:
        """Compile an operation of a valid document that has passed its QueryLimits."""
        compiler = _Compiler(self, operation, fragments_of(document))
        root = self.schema.get_root_type(operation.operation)
        fields = compiler.selection(root, [operation.selection_set]) if root else ()
        is_mutation = operation.operation is OperationType.MUTATION
        dearer = (MUTATION_POINTS - OBJECT_POINTS) * len(fields) if is_mutation else 0
        introspection = -(-compiler.introspection_rows // ROWS_PER_POINT)
        return CostPlan(
            fields=fields,
            surcharge=dearer + introspection,
            objects=total(field.term() for field in fields),
            unseen_rows=total(compiler.unseen_pages),
            filter_points=compiler.filter_points,
        )


class _Compiler:
    """Turns selections into priced fields; it goes as deep as the document, which is bounded."""

    def __init__(
        self, pricing: Pricing, operation: OperationDefinitionNode, fragments: Fragments
    ) -> None:
        self._pricing = pricing
        self._operation = operation
        self._fragments = fragments
        self.introspection_rows = 0
        self.unseen_pages: list[Size] = []
        self.filter_points = 0

    def selection(
        self,
        parent: GraphQLObjectType,
        selection_sets: Sequence[SelectionSetNode],
        page: Size | None = None,
    ) -> tuple[Priced, ...]:
        """Return the fields of one object that answer with objects; `page` is a connection's."""
        names = self._pricing.names_of[parent.name]
        priced: list[Priced] = []
        for key, nodes in merged_fields(selection_sets, self._fragments, names).items():
            name = nodes[0].name.value
            if name in _INTROSPECTION:
                rows = self._priced(parent, key, nodes, _INTROSPECTION[name].type, None).term()
                assert isinstance(rows, int)  # no variable sizes introspection
                self.introspection_rows += rows
            elif name in parent.fields:
                output = parent.fields[name].type
                if not is_leaf_type(get_named_type(output)):
                    field = self._priced(parent, key, nodes, output, page)
                    priced += [field] if field.points or field.members else []
        return tuple(priced)

    def _priced(
        self,
        parent: GraphQLObjectType,
        key: str,
        nodes: Sequence[FieldNode],
        output: GraphQLOutputType,
        page: Size | None,
    ) -> Priced:
        named = get_named_type(output)
        inner = [node.selection_set for node in nodes if node.selection_set]
        size: Size | None = None
        if is_list_type(get_nullable_type(output)):
            size = self._size(parent, nodes[0], named) if page is None else page
        own_page = size_of(PAGE, nodes[0], self._operation) if is_page(named.name) else None
        types = (
            self._pricing.schema.get_possible_types(named)
            if is_abstract_type(named)
            else [cast("GraphQLObjectType", named)]
        )
        members = tuple(self.selection(member, inner, own_page) for member in types)
        if own_page is not None and f"{parent.name}.{nodes[0].name.value}" in STORED_LISTS:
            self._note_rows(parent, nodes[0], own_page, members)
        return Priced(
            key=key,
            points=_objects(parent, nodes[0], named, is_list=size is not None),
            size=size,
            members=tuple(member for member in members if member),
        )

    def _note_rows(
        self,
        parent: GraphQLObjectType,
        node: FieldNode,
        page: Size,
        members: Sequence[Sequence[Priced]],
    ) -> None:
        """Note what a stored list reads and doesn't show."""
        if not any(field.size is not None for member in members for field in member):
            self.unseen_pages.append(page)
        self.filter_points += sum(
            weight_of_argument(parent.name, node.name.value, argument.name.value)
            for argument in node.arguments or ()
        )

    def _size(self, parent: GraphQLObjectType, node: FieldNode, item: GraphQLNamedType) -> Size:
        size = stated_size(parent.name, node.name.value, item.name)
        return size_of(size, node, self._operation)


def _objects(
    parent: GraphQLObjectType, node: FieldNode, named: GraphQLNamedType, *, is_list: bool
) -> int:
    if named.name.startswith("__"):
        return int(is_list)  # introspection counts rows
    return min(weight_of(parent.name, node.name.value), OBJECT_POINTS)
