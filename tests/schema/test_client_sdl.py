"""The schema for clients is the served one, without what is for gateways."""

import pytest
from graphql import (
    GraphQLSchema,
    build_client_schema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    introspection_from_schema,
    parse,
)
from graphql.language import ast

from schema.api import make_schema
from schema.client_sdl import client_sdl


@pytest.fixture(scope="module")
def sdl() -> str:
    return client_sdl(make_schema().as_str())


def changes(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    breaking = [change.description for change in find_breaking_changes(old, new)]
    return breaking + [change.description for change in find_dangerous_changes(old, new)]


def test_it_is_what_introspection_tells_but_for_the_gateways_part(sdl: str) -> None:
    introspection = introspection_from_schema(make_schema()._schema)
    introspected, plain = build_client_schema(introspection), build_schema(sdl)

    lost = {told.removesuffix(" was removed.") for told in changes(introspected, plain)}
    assert lost == {
        *("Field Query._entities", "Field Query._service"),
        *("_Any", "_Entity", "_FieldSet", "_Service", "link__Import", "link__Purpose"),
        # Introspection lists what may stand in SDL, too.
        *("Directive @authenticated", "Directive @cost", "Directive @key", "Directive @link"),
        *("Directive @listSize", "Directive @shareable", "Directive @tag"),
    }
    assert changes(plain, introspected) == []


def test_it_keeps_descriptions_and_graphqls_own_directives(sdl: str) -> None:
    document = parse(sdl)

    described = [node for node in document.definitions if getattr(node, "description", None)]
    assert len(described) == len(document.definitions)
    assert 'scalar Date @specifiedBy(url: "' in sdl


def test_a_deprecation_is_kept() -> None:
    text = client_sdl('type Query { a: Int @deprecated(reason: "Use `b`.") @shareable b: Int }')

    assert '@deprecated(reason: "Use `b`.")' in text
    assert "@shareable" not in text


def test_its_types_stand_in_the_order_of_the_subgraphs_own(sdl: str) -> None:
    def names(text: str) -> list[str]:
        return [
            node.name.value
            for node in parse(text).definitions
            if isinstance(node, ast.TypeDefinitionNode) and not node.name.value.startswith("_")
        ]

    assert names(sdl) == names(make_schema().as_str())
