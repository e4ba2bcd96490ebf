"""Documents that are too large are refused before anything dear is done with them."""

import time
from dataclasses import fields

import pytest
from graphql import DocumentNode, GraphQLError, get_introspection_query, parse, specified_rules

from schema.limits import DocumentRefusedError, QueryLimits
from schema.literals import count_literals
from schema.prepared_documents import ERRORS_MAX
from tests.schema.contract import documents, doubling

LIMITS = QueryLimits()

INTROSPECTION = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    experimental_directive_deprecation=True,
    one_of=True,
)


def refusals(document: DocumentNode | str, limits: QueryLimits = LIMITS) -> list[GraphQLError]:
    if isinstance(document, str):
        document = parse(document)
    try:
        limits.check(document)
    except DocumentRefusedError as refused:
        return list(refused.errors)
    return []


def nested(levels: int) -> str:
    return "{ " + "a { " * (levels - 1) + "id" + " }" * levels


@pytest.mark.parametrize(
    ("limit", "largest", "too_large"),
    [
        ("depth", nested(15), nested(16)),
        (
            "introspection_depth",
            "{ __schema " + "{ ofType " * 19 + "}" * 20,
            "{ __schema " + "{ ofType " * 20 + "}" * 21,
        ),
        (
            "aliases",
            "{ x { " + " ".join(f"a{i}: id" for i in range(50)) + " } }",
            "{ x { " + " ".join(f"a{i}: id" for i in range(51)) + " } }",
        ),
        (
            "directives",
            "{ a " + "@d " * 50 + "}",
            "{ a " + "@d " * 51 + "}",
        ),
        (
            "root_fields",
            "{ " + " ".join(f"a{i}" for i in range(20)) + " }",
            "{ " + " ".join(f"a{i}" for i in range(21)) + " }",
        ),
        (
            "selections",
            "{ x { " + " ".join(f"f{i}" for i in range(1_999)) + "} }",
            "{ x { " + " ".join(f"f{i}" for i in range(2_000)) + "} }",
        ),
        (
            "repeats",
            "{ x { " + "a { id } " * 30 + "} }",
            "{ x { " + "a { id } " * 31 + "} }",
        ),
        (
            "leaf_repeats",
            "{ x { " + "id " * 100 + "} }",
            "{ x { " + "id " * 101 + "} }",
        ),
        (
            "operations",
            " ".join(f"query Q{i} {{ a }}" for i in range(50)),
            " ".join(f"query Q{i} {{ a }}" for i in range(51)),
        ),
        (
            "literals",
            "{ x(a: [" + "1 " * 499 + "]) }",
            "{ x(a: [" + "1 " * 500 + "]) }",
        ),
    ],
)
def test_what_is_as_large_as_a_limit_passes_and_one_more_is_refused(
    limit: str, largest: str, too_large: str
) -> None:
    allowed = getattr(LIMITS, limit)

    assert refusals(largest) == []
    [error] = refusals(too_large)
    assert error.extensions == {
        "code": "GRAPHQL_VALIDATION_FAILED",
        "limit": limit,
        "found": allowed + 1,
        "allowed": allowed,
    }
    assert str(allowed + 1) in error.message
    assert f"at most {allowed} are allowed" in error.message


def test_every_limit_can_be_set() -> None:
    none = QueryLimits(**{field.name: 0 for field in fields(QueryLimits)})

    found = {
        error.extensions["limit"]
        for text in ("{ a: b @c(d: 1) { e } }", "{ __schema { a } }")
        for error in refusals(text, none)
        if error.extensions
    }

    assert found == {
        "depth",
        "introspection_depth",
        "aliases",
        "directives",
        "root_fields",
        "selections",
        "operations",
        "literals",
    }


def test_the_query_that_every_tool_sends_passes_with_all_its_options() -> None:
    assert refusals(LIMITS.parse(INTROSPECTION)) == []


def test_ten_thousand_aliases_are_refused() -> None:
    text = "{ " + " ".join(f"a{i}: id" for i in range(10_000)) + " }"

    assert {error.message for error in refusals(text)} >= {
        "The query has 10000 aliases; at most 50 are allowed."
    }


def test_aliases_in_fragments_count_wherever_the_fragment_is_spread() -> None:
    fields_of_fragment = " ".join(f"a{i}: id" for i in range(26))

    [error] = refusals(
        f"{{ x {{ ...F }} y {{ ...F }} }} fragment F on X {{ {fields_of_fragment} }}"
    )

    assert error.message == "The query has 52 aliases; at most 50 are allowed."


@pytest.mark.parametrize("levels", [12, 20, 40, 100, 400])
def test_doubled_fragments_are_refused_at_once(levels: int) -> None:
    document = parse(doubling(levels))

    before = time.process_time()
    errors = refusals(document)
    took_s = time.process_time() - before

    assert "selections" in {error.extensions["limit"] for error in errors if error.extensions}
    assert took_s < 1  # milliseconds; minutes if it were not linear


def test_a_number_beyond_counting_is_said_to_be_that() -> None:
    messages = [error.message for error in refusals(doubling(100))]

    assert (
        "The query selects 2147483647 or more fields and fragments; at most 2000 are allowed."
        in messages
    )


def test_several_things_too_large_are_said_at_once() -> None:
    wide = " ".join(f"a{i}: b" for i in range(60))

    limits = [error.extensions["limit"] for error in refusals(f"{{ {wide} }}") if error.extensions]

    assert limits == ["aliases", "root_fields"]


def test_recursive_fragments_are_refused_by_name() -> None:
    [error] = refusals("{ a { ...F } } fragment F on A { a { ...F } }")

    assert error.message == "The fragment F spreads itself."
    assert error.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}


def test_a_text_of_the_longest_length_is_parsed_and_a_longer_one_is_not_looked_at() -> None:
    text = "{ a }".ljust(LIMITS.characters)

    assert LIMITS.parse(text).definitions
    with pytest.raises(GraphQLError, match="more than 100000 code points") as refused:
        LIMITS.parse(text + " ")
    assert refused.value.extensions == {"code": "GRAPHQL_PARSE_FAILED"}


@pytest.mark.parametrize(
    "text",
    [
        "{" + " a" * 1_999 + " }",
        "{ a(x: [" + "1 " * 100_000 + "]) }",
        "#\n" * 2_001 + "{ a }",
        "{" * 100_000,
        "{ a(x: " + "[" * 90_000,
        "query ($v: " + "[" * 300 + "Int" + "]" * 300 + ") { a }",
    ],
)
def test_too_many_tokens_and_too_deep_nesting_end_the_parsing(text: str) -> None:
    limits = QueryLimits(characters=1_000_000)

    with pytest.raises(GraphQLError) as refused:
        limits.parse(text)
    assert refused.value.extensions == {"code": "GRAPHQL_PARSE_FAILED"}


def test_as_many_tokens_as_allowed_are_parsed() -> None:
    assert LIMITS.parse("{" + " a" * 1_998 + " }").token_count == 2_000


def test_an_operation_may_return_so_many_objects_and_no_more() -> None:
    LIMITS.check_nodes(10_000)

    with pytest.raises(
        DocumentRefusedError, match="The query could return 10001 objects; at most 10000"
    ):
        LIMITS.check_nodes(10_001)


@pytest.mark.parametrize(
    ("document", "count"),
    [
        ("{ a }", 0),
        ("{ a(b: 1, c: [2, {d: 3}], e: $f) }", 6),
        ('query ($a: Int = 5 @b(c: 6)) @d(e: "7") { f @g(h: true) }', 4),
        ("{ a { ... @b(c: 1) { d(e: 2) } ...F @g(h: 3) } }", 3),
        ("{ ...F } fragment F on X @a(b: 1) { c(d: 2) }", 2),
    ],
)
def test_values_count_wherever_they_are_written(document: str, count: int) -> None:
    assert count_literals(parse(document)) == count


@pytest.mark.parametrize(
    "text",
    [
        "mutation { deposit(input: {"
        + " ".join(f"a{i}: 1" for i in range(499))
        + "}) { errors } }",
        "{ asset(id: 1) { " + " ".join(f"n{i}" for i in range(1_900)) + " } }",
        "query (" + " ".join(f"$v{i}: T{i}" for i in range(490)) + ") { __typename }",
    ],
)
def test_a_document_full_of_faults_is_told_of_some(text: str) -> None:
    errors = documents().prepared(text, specified_rules).errors

    assert len(errors) == ERRORS_MAX + 1
    assert "Too many validation errors" in errors[-1].message


@pytest.mark.parametrize("wrapper", ["... @skip(if: true)", "... @include(if: false)"])
def test_what_a_directive_leaves_out_counts_all_the_same(wrapper: str) -> None:
    """It is validated like everything else."""
    left_out = f"{{ x {{ {wrapper} {{ {'a { id } ' * 31} }} }} }}"
    assert [error.extensions and error.extensions["limit"] for error in refusals(left_out)] == [
        "repeats"
    ]
