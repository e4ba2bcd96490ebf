"""What an operation costs by the served SDL alone, as a gateway reckons that knows nothing else.

By the specification of `@cost` and `@listSize`: an object weighs 1 or what `@cost` says, a scalar
nothing, an argument that is given what `@cost` says, and a list multiplies by the largest slicing
argument given, or by the assumed size.
"""

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.values import get_argument_values
from graphql.utilities import value_from_ast_untyped

from tests.api.whole_selections import served
from tests.schema.naive_cost import Naive


def directives_of(part: GraphQLField | GraphQLArgument) -> dict[str, dict[str, Any]]:
    """Return the arguments of each directive on a field or argument, by its name."""
    assert part.ast_node is not None
    return {
        directive.name.value: {
            argument.name.value: value_from_ast_untyped(argument.value)
            for argument in directive.arguments or ()
        }
        for directive in part.ast_node.directives or ()
    }


def weight_of(part: GraphQLField | GraphQLArgument, default: int) -> int:
    weight: int = directives_of(part).get("cost", {}).get("weight", default)
    return weight


class BySdl(Naive):
    """Reckons an operation of the served schema; `page` is how long sized fields are."""

    def __init__(self, document: DocumentNode, variables: dict[str, Any]) -> None:
        super().__init__(document, variables, served())

    def cost(self) -> int:
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None
        return self.count(root, [self.operation.selection_set], 1)

    def field(self, parent: GraphQLObjectType, nodes: list[FieldNode], page: int) -> int:
        name = nodes[0].name.value
        if name == "__typename" or is_leaf_type(get_named_type(parent.fields[name].type)):
            return 0
        field = parent.fields[name]
        named: Any = get_named_type(field.type)
        size = directives_of(field).get("listSize", {})
        arguments = get_argument_values(field, nodes[0], self.variables)  # type: ignore[arg-type]
        given = [arguments.get(one) for one in size.get("slicingArguments", ())]
        assumed: int = size.get("assumedSize", page)
        length = max((one for one in given if one is not None), default=assumed)
        if "sizedFields" in size:
            instances, own_page = 1, length
        elif is_list_type(get_nullable_type(field.type)):
            instances, own_page = length, 1
        else:
            instances, own_page = 1, 1
        members = self.schema.get_possible_types(named) if is_abstract_type(named) else [named]
        inner = [node.selection_set for node in nodes if node.selection_set]
        below = max(self.count(member, inner, own_page) for member in members)
        for argument in nodes[0].arguments or ():
            below += weight_of(field.args[argument.name.value], 0)
        return instances * (weight_of(field, 1) + below)
