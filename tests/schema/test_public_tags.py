"""`@tag(name: "public")` stands on what strangers may see, as the table of authorisation has it."""

import re
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLNamedType, get_named_type

from tests.api.whole_selections import RootField, root_fields, served

TABLE = Path(__file__).parents[1] / "api" / "authorisation.md"


def who_may() -> dict[str, str]:
    """Return the rows of the table that is made from what the server does."""
    return dict(re.findall(r"^\| `(.+?)` \| (.+?) \|$", TABLE.read_text(), re.MULTILINE))


def is_public(part: Any) -> bool:
    tags = [
        argument.value.value
        for directive in part.ast_node.directives or ()
        if directive.name.value == "tag"
        for argument in directive.arguments
    ]
    return tags == ["public"]


@pytest.mark.parametrize("root", root_fields("Query", "Mutation", "Subscription"), ids=str)
def test_what_strangers_may_read_is_tagged_and_nothing_else(root: RootField) -> None:
    expected = root.kind != "Mutation" and who_may()[str(root)] == "everybody"

    assert is_public(root.field) is expected
    assert [is_public(argument) for argument in root.field.args.values()] == [expected] * len(
        root.field.args
    )


def test_the_types_behind_it_are_tagged_and_no_others() -> None:
    behind: set[str] = set()
    waiting = [root.field for root in root_fields("Query", "Subscription") if is_public(root.field)]
    while waiting:
        field = waiting.pop()
        for part in (field, *getattr(field, "args", {}).values()):
            named: GraphQLNamedType = get_named_type(part.type)
            if named.name not in behind:
                behind.add(named.name)
                waiting += getattr(named, "fields", {}).values()

    tagged = {
        named.name for named in served().type_map.values() if named.ast_node and is_public(named)
    }
    assert tagged == behind - {"Boolean", "ID", "Int", "String"}


@pytest.mark.parametrize("kind", ["Account", "Order", "User"])
def test_what_is_its_owners_alone_is_not_tagged(kind: str) -> None:
    assert who_may()[f"entity {kind}"] == "its owner"
    assert not is_public(served().type_map[kind])
