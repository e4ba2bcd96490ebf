"""Operations that ask for everything there is, made from the schema itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from tests.api.world import GREETING, PASSWORD, schema

FEDERATIONS_OWN = "_"
"""What names begin with that the federation specification gives."""

BY_NAME: Mapping[str, Any] = {
    "amount": "1.00",
    "assetId": "BTC",
    "currentPassword": PASSWORD,
    "email": "carol@example.com",
    "firstName": "Carol",
    "first": 2,
    "lastName": "Danvers",
    "newPassword": "Another-Horse-8",
    "password": PASSWORD,
    "phrase": GREETING,
    "quantity": "0.001",
    "since": 0,
    "username": "carol_03",
}
"""Values of arguments and input fields; these are given even where they are optional."""


@dataclass(frozen=True, slots=True)
class RootField:
    """A field of Query, Mutation or Subscription."""

    kind: str
    name: str
    field: GraphQLField

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @property
    def says_authenticated(self) -> bool:
        """Whether the schema says that it needs somebody signed in."""
        node = self.field.ast_node
        return (
            any(one.name.value == "authenticated" for one in (node.directives or ()))
            if node
            else False
        )

    def operation(self, named: str) -> tuple[str, dict[str, Any]]:
        """Return an operation that selects all of it, and its variables.

        `named` is what every argument and field called `id` says.
        """
        given = {
            name: value
            for name, argument in self.field.args.items()
            if (value := _value(name, argument, named)) is not None
        }
        defined = ", ".join(f"${name}: {self.field.args[name].type}" for name in given)
        passed = ", ".join(f"{name}: ${name}" for name in given)
        head = f"{self.kind.lower()} {f'({defined})' if defined else ''}"
        body = f"{self.name}{f'({passed})' if passed else ''}"
        return f"{head} {{ {body} {everything(self.field.type)} }}", given


@cache
def served() -> GraphQLSchema:
    """Return the schema as clients read it, directives included."""
    return build_schema(schema().as_str(), assume_valid=True, assume_valid_sdl=True)


def root_fields(*kinds: str) -> list[RootField]:
    """Return the fields of these root types, without federation's own."""
    return [
        RootField(kind, name, field)
        for kind in kinds
        for name, field in _object(kind).fields.items()
        if not name.startswith(FEDERATIONS_OWN)
    ]


def entity_types() -> list[GraphQLObjectType]:
    """Return the types that a gateway may ask for by key."""
    union: Any = served().get_type("_Entity")
    return sorted(served().get_possible_types(union), key=lambda found: found.name)


def everything(output: Any, path: tuple[str, ...] = ()) -> str:
    """Return a selection of every field, but for types within themselves; of leaves, none."""
    named = get_named_type(output)
    if is_leaf_type(named):
        return ""
    parts = [_fields(member, (*path, member.name)) for member in _members(named)]
    return f"{{ __typename {' '.join(parts)} }}"


def _fields(parent: GraphQLObjectType, path: tuple[str, ...]) -> str:
    texts = []
    for name, field in parent.fields.items():
        # What one type calls by a name may be of another type in the next member of a union.
        inner = get_named_type(field.type)
        if any(member.name in path for member in _members(inner)):
            continue
        given = ", ".join(f"{one}: {_literal(one, found)}" for one, found in _needed(field))
        texts.append(f"{name}{f'({given})' if given else ''} {everything(inner, path)}")
    return f"... on {parent.name} {{ __typename {' '.join(texts)} }}"


def _members(named: GraphQLNamedType) -> Iterator[GraphQLObjectType]:
    if isinstance(named, GraphQLObjectType):
        yield named
    elif is_abstract_type(named):
        yield from served().get_possible_types(named)


def _needed(field: GraphQLField) -> Iterator[tuple[str, GraphQLArgument]]:
    return ((name, one) for name, one in field.args.items() if is_required_argument(one))


def _literal(name: str, argument: GraphQLArgument) -> str:
    named = get_named_type(argument.type)
    if is_enum_type(named):
        return str(next(iter(named.values)))
    found = _value(name, argument, "")
    return str(found) if isinstance(found, int) else f'"{found}"'


def _value(name: str, place: GraphQLArgument | GraphQLInputField, named: str) -> Any:
    """Return what is given in a place; None where nothing need be."""
    wanted = get_named_type(place.type)
    is_needed = (
        is_required_argument(place)
        if isinstance(place, GraphQLArgument)
        else is_required_input_field(place)
    )
    if is_input_object_type(wanted) and is_needed:
        return {
            inner: value
            for inner, field in wanted.fields.items()
            if (value := _value(inner, field, named)) is not None
        }
    if name == "id" or name.endswith("OrderId") or name == "orderId":
        return named
    if BY_NAME.get(name) is not None:
        return BY_NAME[name]
    if not is_needed:
        return None
    if is_enum_type(wanted):
        return next(iter(wanted.values))
    return {"Int": 1, "Boolean": True, "DateTime": "2026-03-01T00:00:00Z"}.get(wanted.name, "x")


def _object(name: str) -> GraphQLObjectType:
    found = served().get_type(name)
    assert isinstance(found, GraphQLObjectType)
    return found
