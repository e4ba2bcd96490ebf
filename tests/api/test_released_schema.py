"""Clients of the last release go on working: nothing that it offered is gone or changed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    GraphQLSchema,
    build_ast_schema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    is_enum_type,
    parse,
    visit,
)
from graphql.language import REMOVE, ast
from graphql.language.visitor import Visitor, VisitorActionEnum

from schema.api import make_schema

RELEASED = Path(__file__).parents[2] / "schema" / "released.graphql"

KNOWN_DANGERS: frozenset[str] = frozenset()
"""Changes since the release that might surprise a client, by their sentences; each was weighed.

Empty again with each release.
"""

_HELPFUL = re.compile(r"Use `[^`]+`.* Goes after \d{4}-\d{2}-\d{2}\.", re.DOTALL)


class WithoutDirectives(Visitor):
    """Removes the directives of federation, which the file uses without defining them."""

    def enter_directive(self, node: ast.DirectiveNode, *_: object) -> VisitorActionEnum | None:
        is_graphqls_own = node.name.value in {"deprecated", "specifiedBy", "oneOf"}
        return None if is_graphqls_own else REMOVE


def plain(sdl: str) -> GraphQLSchema:
    document = visit(parse(sdl), WithoutDirectives())
    assert isinstance(document, DocumentNode)
    return build_ast_schema(document)


def deprecations(schema: GraphQLSchema) -> Iterator[str]:
    """Yield the reason of everything that is deprecated."""
    for named in schema.type_map.values():
        fields = getattr(named, "fields", {}).values()
        values = getattr(named, "values", {}).values() if is_enum_type(named) else ()
        arguments = (one for field in fields for one in getattr(field, "args", {}).values())
        for part in (*fields, *values, *arguments):
            if part.deprecation_reason is not None and not named.name.startswith("__"):
                yield part.deprecation_reason


@pytest.fixture(scope="module")
def released() -> str:
    return RELEASED.read_text()


@pytest.fixture(scope="module")
def now() -> str:
    return make_schema().as_str()


def test_nothing_breaks_a_client_of_the_last_release(released: str, now: str) -> None:
    breaking = find_breaking_changes(plain(released), plain(now))

    assert [change.description for change in breaking] == []


def test_each_dangerous_change_was_weighed(released: str, now: str) -> None:
    dangerous = find_dangerous_changes(plain(released), plain(now))

    assert {change.description for change in dangerous} == KNOWN_DANGERS


def test_what_is_deprecated_names_its_substitute_and_its_last_day(now: str) -> None:
    assert [told for told in deprecations(plain(now)) if not _HELPFUL.fullmatch(told)] == []


@pytest.mark.parametrize(
    ("was", "becomes", "kind"),
    [
        ("  tokenType: String!", "  tokenKind: String!", "FIELD_REMOVED"),
        ("  phone: String\n", "  phone: Int\n", "FIELD_CHANGED_KIND"),
        ("  ALREADY_CLAIMED_TODAY\n", "  CLAIMED_TODAY\n", "VALUE_REMOVED_FROM_ENUM"),
        ("    since: Int\n", "    since: Int!\n", "ARG_CHANGED_KIND"),
    ],
)
def test_a_breaking_change_is_found(released: str, was: str, becomes: str, kind: str) -> None:
    assert was in released

    found = find_breaking_changes(plain(released), plain(released.replace(was, becomes)))

    assert kind in {change.type.name for change in found}


@pytest.mark.parametrize(
    ("reason", "is_helpful"),
    [
        ("Use `portfolio`. Goes after 2027-01-31.", True),
        ("Use `portfolio`.", False),
        ("No longer supported", False),
    ],
)
def test_a_deprecation_that_helps_is_told_from_one_that_does_not(
    reason: str, *, is_helpful: bool
) -> None:
    marked = f'@deprecated(reason: "{reason}")'
    schema = build_schema(f"enum E {{ A {marked} }} type Query {{ a(b: E {marked}): E {marked} }}")

    assert [bool(_HELPFUL.fullmatch(told)) for told in deprecations(schema)] == [is_helpful] * 3
