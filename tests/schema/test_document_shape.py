"""Documents are measured as executed, in time linear in their text."""

import pytest
from graphql import parse

from schema.document_shape import SATURATED, FragmentsUnclearError, Shape, shape_of
from schema.merged_fields import Repeats, most_repeats
from tests.schema.contract import doubling


def shape(text: str) -> Shape:
    return shape_of(parse(text))


def test_depth_counts_fields_within_fields() -> None:
    assert shape("{ a }").depth == 1
    assert shape("{ a { b { c } d } e }").depth == 3


def test_inline_fragments_add_no_depth() -> None:
    assert shape("{ a { ... on B { ... { c } } } }").depth == 2


def test_a_fragment_counts_from_where_it_is_spread() -> None:
    found = shape("{ a { ...F } b { c { ...F } } } fragment F on T { x: d { e } }")

    assert found.depth == 4
    assert found.aliases == 2
    assert found.selections == 3 + 2 * (1 + 2)


def test_root_fields_are_counted_through_fragments() -> None:
    assert shape("{ a ...F ... { c } } fragment F on Query { b { d } e }").root_fields == 4


def test_a_fragment_below_the_root_adds_no_root_fields() -> None:
    assert shape("{ a { ...F } } fragment F on A { b c }").root_fields == 1


def test_the_largest_operation_decides_but_selections_add_up() -> None:
    found = shape("query A { a { b } } query B { c: d e f }")

    assert (found.depth, found.aliases, found.root_fields) == (2, 1, 3)
    assert found.selections == 5


def test_directives_are_counted_as_written_wherever_they_stand() -> None:
    found = shape(
        "query ($v: Int @a) @b { x @c @d ...F @e ... @f { y } } fragment F on Query @g { z @h }"
    )

    assert found.directives == 8


def test_introspection_has_a_depth_of_its_own() -> None:
    found = shape(
        "{ a { b } __schema { types { ...T } } } fragment T on __Type { ofType { name } }"
    )

    assert (found.depth, found.introspection_depth) == (2, 4)


def test_an_unknown_fragment_is_nothing() -> None:
    assert shape("{ a { ...Missing } }").depth == 1


def test_a_document_without_operations_has_no_size() -> None:
    assert shape("type A { a: Int }") == Shape(
        depth=0,
        introspection_depth=0,
        aliases=0,
        root_fields=0,
        selections=0,
        directives=0,
        operations=0,
        literals=0,
        selections_visited=0,
    )


@pytest.mark.parametrize("levels", [5, 10, 20, 40, 80, 300])
def test_doubling_fragments_are_measured_by_looking_at_each_selection_once(levels: int) -> None:
    found = shape(doubling(levels))

    assert found.selections_visited == 4 * levels + 3
    assert found.depth == levels + 2
    assert found.selections == min(SATURATED, 2 + sum(4 * 2**i for i in range(levels)) + 2**levels)


def test_the_document_of_753_bytes_that_took_seconds_is_a_matter_of_83_selections() -> None:
    assert shape(doubling(20)).selections_visited == 83


def test_long_chains_and_deep_documents_need_no_stack_of_pythons() -> None:
    chain = " ".join(f"fragment F{i} on A {{ ...F{i + 1} }}" for i in range(5_000))

    found = shape(f"{{ ...F0 }} {chain} fragment F5000 on A {{ id }}")

    assert (found.depth, found.root_fields) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F } fragment F on A { ...F }",
        "{ ...F } fragment F on A { ...G } fragment G on A { ...H } fragment H on A { ...G }",
        "{ a } fragment F on A { ...G } fragment G on A { ...F }",
    ],
)
def test_fragments_that_spread_themselves_are_refused(text: str) -> None:
    with pytest.raises(FragmentsUnclearError, match="spreads itself"):
        shape(text)


def test_a_fragment_that_nobody_spreads_is_refused() -> None:
    with pytest.raises(FragmentsUnclearError, match="The fragment F is never used"):
        shape("{ a } fragment F on A { b }")


def test_two_fragments_of_one_name_are_refused() -> None:
    with pytest.raises(FragmentsUnclearError, match="only one fragment named F"):
        shape("{ ...F } fragment F on A { b } fragment F on A { c }")


def test_two_paths_to_one_fragment_are_no_recursion() -> None:
    assert (
        shape(
            "{ ...A ...B } fragment A on Q { ...C } fragment B on Q { ...C } fragment C on Q { x }"
        ).root_fields
        == 2
    )


def test_repeats_are_objects_asked_for_under_one_name_in_one_place() -> None:
    text = (
        "{ a { x } a { y } ...F b { a { z } c c c } k: a { w } }"
        " fragment F on Q { ... { a { v } } ...F2 } fragment F2 on Q { a { u } }"
    )

    assert most_repeats(parse(text)) == Repeats(objects=4, leaves=3)


def test_repeats_are_found_below_merged_fields() -> None:
    assert most_repeats(parse("{ a { b { x } } a { b { y } b { z } } }")).objects == 3


def test_values_repeat_wherever_they_merge() -> None:
    text = "{ a a b { c } ...F } fragment F on Q { b { c c } b { c d } }"

    assert most_repeats(parse(text)) == Repeats(objects=3, leaves=4)
