"""The schema keeps the public contract, and the snapshot keeps up with the schema."""

from pathlib import Path

import pytest
from graphql import DocumentNode, parse, print_ast
from graphql.language import ast

from schema.api import make_schema

CONTRACT = Path(__file__).with_name("contract.graphql")
SNAPSHOT = Path(__file__).parents[2] / "schema" / "schema.graphql"

NOT_SERVED_YET = frozenset[str]()
"""What the contract has and this version does not: each is to come, none is to stay here."""

FEDERATIONS_OWN = frozenset({"_service", "_entities", "representations"})


def promises_in(document: DocumentNode) -> dict[str, str]:
    """Return everything that a client may rely on, by coordinate, as text."""
    found: dict[str, str] = {}
    for node in document.definitions:
        if not isinstance(node, ast.TypeDefinitionNode):
            continue
        name = node.name.value
        found[name] = node.kind
        for interface in getattr(node, "interfaces", None) or ():
            found[f"{name} implements {interface.name.value}"] = ""
        if isinstance(node, ast.UnionTypeDefinitionNode):
            for member in node.types or ():
                found[f"{name}|{member.name.value}"] = ""
        if isinstance(node, ast.EnumTypeDefinitionNode):
            for value in node.values or ():
                found[f"{name}.{value.name.value}"] = ""
        for field in getattr(node, "fields", None) or ():
            found |= promises_of(f"{name}.{field.name.value}", field)
    return found


def promises_of(
    place: str, field: ast.FieldDefinitionNode | ast.InputValueDefinitionNode
) -> dict[str, str]:
    default = getattr(field, "default_value", None)
    found = {place: print_ast(field.type) + (f" = {print_ast(default)}" if default else "")}
    for argument in getattr(field, "arguments", None) or ():
        found |= promises_of(f"{place}({argument.name.value})", argument)
    return found


def is_served(place: str) -> bool:
    return not any(
        place == missing or place.startswith((f"{missing}.", f"{missing}(", f"{missing}|"))
        for missing in NOT_SERVED_YET
    )


@pytest.fixture(scope="module")
def sdl() -> str:
    return make_schema().as_str()


def test_nothing_of_the_contract_is_lost_or_changed(sdl: str) -> None:
    promised = promises_in(parse(CONTRACT.read_text()))
    served = promises_in(parse(sdl))

    broken = {
        place: f"promised {what!r}, serves {served.get(place)!r}"
        for place, what in promised.items()
        if is_served(place) and served.get(place) != what
    }

    assert broken == {}


def test_what_is_said_to_be_missing_is_missing(sdl: str) -> None:
    served = promises_in(parse(sdl))

    assert [place for place in NOT_SERVED_YET if place in served] == []


def test_the_snapshot_is_the_schema(sdl: str) -> None:
    assert SNAPSHOT.read_text().strip() == sdl.strip(), "run `make schema` and look at the change"


def test_everything_is_described(sdl: str) -> None:
    bare = [
        f"{node.name.value}.{part.name.value}" if part is not node else node.name.value
        for node in parse(sdl).definitions
        if isinstance(node, ast.TypeDefinitionNode) and not node.name.value.startswith("_")
        for part in (
            node,
            *(getattr(node, "fields", None) or ()),
            *(getattr(node, "values", None) or ()),
            *(
                argument
                for field in getattr(node, "fields", None) or ()
                for argument in getattr(field, "arguments", None) or ()
            ),
        )
        if part.description is None and part.name.value not in FEDERATIONS_OWN
    ]

    assert bare == []
