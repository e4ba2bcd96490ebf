"""What the schema says of itself to gateways: prices, lengths of lists, and what strangers may see.

None of it is written down twice. `@cost` and `@listSize` say what charging reckons with, and
`@tag(name: "public")` stands where `@authenticated` doesn't. Gateways reckon costs and cut out
contract variants by it, before anything reaches this server.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLNamedType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from strawberry.federation.schema_directives import Authenticated, Cost, ListSize, Tag
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.unset import UNSET

from schema import list_sizes
from schema.list_sizes import is_page, stated_size
from schema.weights import OBJECT_POINTS, weight_of, weight_of_argument

PUBLIC = "public"
"""The tag of what strangers may see."""

READING = frozenset({"Query", "Subscription"})
"""The roots that show something. What of Mutation strangers may use makes them users."""

FEDERATIONS_OWN = "_"
"""What names begin with that the federation specification gives."""

_Part = GraphQLField | GraphQLArgument | GraphQLNamedType


def announce(roots: Iterable[GraphQLNamedType]) -> None:
    """Put the directives on all that the roots lead to.

    They go where Strawberry keeps those written by hand, on its own definitions of fields and
    types, which all schemas share: so a second call finds them there, and adds nothing.
    """
    roots = list(roots)
    for parent in _reached(roots):
        for name, field in _fields(parent).items():
            _tell_cost(parent, name, field)
            _tell_size(parent, name, field)
    for root in roots:
        if root.name in READING:
            _tell_public(root)


def _tell_cost(parent: GraphQLNamedType, name: str, field: GraphQLField) -> None:
    weight = weight_of(parent.name, name)
    if weight != OBJECT_POINTS and not is_leaf_type(get_named_type(field.type)):
        _put(field, Cost(weight=weight))
    for argument, part in getattr(field, "args", {}).items():
        if weight := weight_of_argument(parent.name, name, argument):
            _put(part, Cost(weight=weight))


def _tell_size(parent: GraphQLNamedType, name: str, field: GraphQLField) -> None:
    item = get_named_type(field.type)
    if is_page(item.name):
        lists = [inner for inner, found in _fields(item).items() if _is_list(found)]
        _put(field, _list_size(list_sizes.PAGE, field, lists))
    elif _is_list(field) and not is_leaf_type(item) and not is_page(parent.name):
        _put(field, _list_size(stated_size(parent.name, name, item.name), field))


def _list_size(
    size: list_sizes.ListSize, field: GraphQLField, lists: list[str] | None = None
) -> ListSize:
    """Return the directive; it knows only arguments that are a number, not one that is a list."""
    slicing = [
        name for name in size.arguments if get_nullable_type(field.args[name].type) is GraphQLInt
    ]
    return ListSize(
        assumed_size=size.assumed,
        slicing_arguments=slicing or UNSET,
        sized_fields=lists or UNSET,
        require_one_slicing_argument=False if slicing else UNSET,
    )


def _tell_public(root: GraphQLNamedType) -> None:
    """Tag what strangers may ask for: fields with their arguments, and whole types behind them."""
    open_fields = [field for field in _fields(root).values() if not _needs_a_user(field)]
    parts: list[_Part] = [*open_fields, *_reached(_types_of(open_fields))]
    parts += (argument for field in open_fields for argument in field.args.values())
    for part in parts:
        _put(part, Tag(name=PUBLIC))


def _needs_a_user(field: GraphQLField) -> bool:
    return any(isinstance(one, Authenticated) for one in _definition(field).directives)


def _reached(first: Iterable[GraphQLNamedType]) -> Iterator[GraphQLNamedType]:
    """Yield these types and all that they lead to, once each."""
    waiting, seen = list(first), set()
    while waiting:
        named = waiting.pop()
        if named.name not in seen:
            seen.add(named.name)
            yield named
            waiting += _types_of(_fields(named).values())
            waiting += getattr(named, "types", ())


def _types_of(fields: Iterable[GraphQLField]) -> Iterator[GraphQLNamedType]:
    for field in fields:
        yield get_named_type(field.type)
        for argument in getattr(field, "args", {}).values():
            yield get_named_type(argument.type)


def _fields(named: GraphQLNamedType) -> dict[str, GraphQLField]:
    found: dict[str, GraphQLField] = getattr(named, "fields", {})
    return {name: field for name, field in found.items() if not name.startswith(FEDERATIONS_OWN)}


def _is_list(field: GraphQLField) -> bool:
    return is_list_type(get_nullable_type(field.type))


def _put(part: _Part, directive: object) -> None:
    definition = _definition(part)
    if definition is not None and directive not in (definition.directives or ()):
        definition.directives = [*(definition.directives or ()), directive]


def _definition(part: _Part) -> Any:  # noqa: ANN401 - Strawberry's classes share no base
    return part.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
