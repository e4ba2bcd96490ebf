"""How long each list can be: what query cost is reckoned with, before anything has run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from graphql import (
    FieldNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

from resolvers.pages import PAGE_DEFAULT, PAGE_MAX
from schema.entities import REPRESENTATIONS_MAX

Variables = Mapping[str, Any]
Size = int | Callable[[Variables], int]
"""A number of items, or how the request's variables make it."""

INT_CHARACTERS_MAX = 11
"""Of the smallest Int, sign included; Python refuses to read 5,000 digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSize:
    """A list's length: the greatest, the one without arguments, and the arguments that set it.

    An argument counts by its value, or by its own length if it is a list. schema/directives.py
    says it as `@listSize`.
    """

    most: int
    assumed: int
    arguments: tuple[str, ...] = ()


PAGE = ListSize(most=PAGE_MAX, assumed=PAGE_DEFAULT, arguments=("first", "last"))
"""Every connection."""

UNKNOWN = ListSize(most=250, assumed=250)
"""A list that nobody gave a size: as long as the longest plain list, so never too cheap."""

REFUSALS = ListSize(most=1, assumed=1)
"""`errors` of a payload come in place of what was asked for, so they are no further objects."""

LIST_SIZES: Mapping[str, ListSize] = MappingProxyType(
    {
        "Portfolio.positions": ListSize(most=250, assumed=250),
        "PortfolioHistory.points": ListSize(most=500, assumed=500),
        "Asset.candles": ListSize(most=500, assumed=24, arguments=("limit",)),
        "Transaction.legs": ListSize(most=6, assumed=6),
        "Subscription.priceUpdates": ListSize(most=250, assumed=250, arguments=("assetIds",)),
        "Query._entities": ListSize(
            most=REPRESENTATIONS_MAX, assumed=REPRESENTATIONS_MAX, arguments=("representations",)
        ),
        # Introspection, by the averages of this schema: it costs by the row, not by the object.
        "__Schema.types": ListSize(most=100, assumed=100),
        "__Schema.directives": ListSize(most=12, assumed=12),
        "__Type.fields": ListSize(most=6, assumed=6),
        "__Type.inputFields": ListSize(most=1, assumed=1),
        "__Type.enumValues": ListSize(most=1, assumed=1),
        "__Type.interfaces": ListSize(most=1, assumed=1),
        "__Type.possibleTypes": ListSize(most=1, assumed=1),
        "__Field.args": ListSize(most=1, assumed=1),
        "__Directive.args": ListSize(most=1, assumed=1),
    }
)
"""Lists that are no connection, by coordinate. The contract states each of these numbers."""


def is_page(type_name: str) -> bool:
    """Tell whether a type is a connection, whose lists are as long as its field says."""
    return type_name.endswith("Connection")


def stated_size(parent: str, field: str, item: str) -> ListSize:
    """Return the size of a list that is on no page, by the names of type, field and item."""
    size = LIST_SIZES.get(f"{parent}.{field}")
    if size is None:
        return REFUSALS if item == "UserError" else UNKNOWN
    return size


@dataclass(frozen=True, slots=True)
class _FromVariables:
    """A size that variables decide: the largest of what was given, within the list's bounds."""

    names: tuple[tuple[str, object], ...]  # each with its default
    literal: int | None
    size: ListSize

    def __call__(self, variables: Variables) -> int:
        largest = self.literal
        for name, default in self.names:
            value = variables.get(name, default)
            if value is None:
                continue
            number = value if value.__class__ is int else _length(value, self.size.most)
            if largest is None or number > largest:
                largest = number
        return _bounded(largest, self.size)


def size_of(size: ListSize, node: FieldNode, operation: OperationDefinitionNode) -> Size:
    """Return how many items a field's list can have.

    Values that the field will refuse (negative, too large, of a wrong type) are taken into the
    list's bounds: what is refused costs nothing more than what is allowed.
    """
    largest: int | None = None
    names: list[tuple[str, object]] = []
    for argument in node.arguments or ():
        if argument.name.value not in size.arguments:
            continue
        if isinstance(argument.value, VariableNode):
            name = argument.value.name.value
            names.append((name, _default_of(name, operation, size.most)))
            continue
        number = _literal(argument.value, size.most)
        if number is not None:
            largest = number if largest is None else max(largest, number)
    if names:
        return _FromVariables(tuple(names), largest, size)
    return _bounded(largest, size)


def _bounded(number: int | None, size: ListSize) -> int:
    return size.assumed if number is None else min(max(number, 0), size.most)


def _length(value: object, most: int) -> int:
    """Count a variable that is no int; what is no list either is taken for the longest."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return len(value) if is_list else most  # type: ignore[arg-type] # a Sequence has a length


def _literal(value: ValueNode, most: int) -> int | None:
    match value:
        case NullValueNode():
            return None
        case IntValueNode(value=digits) if len(digits) <= INT_CHARACTERS_MAX:
            return int(digits)
        case ListValueNode(values=values):
            return len(values)
        case _:
            return most


def _default_of(name: str, operation: OperationDefinitionNode, most: int) -> int | None:
    for definition in operation.variable_definitions or ():
        if definition.variable.name.value == name and definition.default_value:
            return _literal(definition.default_value, most)
    return None
