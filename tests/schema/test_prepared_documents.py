"""Documents are parsed, checked, validated and priced once; Strawberry runs them from the cache."""

from typing import Any

import pytest
import strawberry
from graphql import ASTValidationRule, FieldNode, GraphQLError, specified_rules
from strawberry.types import ExecutionResult

from schema.limits import DocumentRefusedError, QueryLimits
from schema.prepared_documents import Documents, PreparedDocuments
from tests.schema.contract import contract_schema, documents, doubling

QUERY = "query ($n: Int) { assets(first: $n) { nodes { id } } }"


def test_a_text_is_prepared_once() -> None:
    cache = documents()

    first = cache.prepared(QUERY, specified_rules)

    assert cache.prepared(QUERY, specified_rules) is first
    assert cache.prepared(QUERY + " ", specified_rules) is not first


def test_an_operation_is_priced_once() -> None:
    found = documents().prepared(QUERY, specified_rules)

    assert found.plan(None) is found.plan(None)


def test_the_cost_asked_for_is_that_of_the_variables() -> None:
    cache = documents()
    found = cache.prepared(QUERY, specified_rules)

    assert cache.requested_cost(found, None, {"n": 5}) == 6
    assert cache.requested_cost(found, None, None) == 21


def test_an_operation_that_could_return_too_much_has_no_cost() -> None:
    cache = Documents(contract_schema(), QueryLimits(nodes=10))
    found = cache.prepared(QUERY, specified_rules)

    with pytest.raises(DocumentRefusedError) as refused:
        cache.requested_cost(found, None, {"n": 10})
    [error] = refused.value.errors
    assert error.extensions == {
        "code": "GRAPHQL_VALIDATION_FAILED",
        "limit": "nodes",
        "found": 11,
        "allowed": 10,
    }


def test_what_is_too_large_is_not_validated() -> None:
    class NeverAsked(ASTValidationRule):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            pytest.fail("validated")

    found = documents().prepared(doubling(20), [NeverAsked])

    assert [error.extensions["limit"] for error in found.errors if error.extensions] == [
        "depth",
        "selections",
    ]


def test_an_invalid_document_is_kept_with_its_errors() -> None:
    found = documents().prepared("{ nothing }", specified_rules)

    [error] = found.errors
    assert error.message == "Cannot query field 'nothing' on type 'Query'."
    assert error.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}


def test_deeply_nested_values_are_refused_or_valid_but_never_fail() -> None:
    values = "[" * 180 + "]" * 180

    found = documents().prepared(f"{{ assets(first: {values}) {{ nodes {{ id }} }} }}", [])
    checked = documents().prepared(
        f"{{ assets(first: {values}) {{ nodes {{ id }} }} }}", specified_rules
    )

    assert found.plan(None).nodes({}) == 1 + 1
    assert checked.errors


def test_the_cache_is_bounded_by_tokens_and_drops_what_was_used_least_lately() -> None:
    cache = Documents(contract_schema(), QueryLimits(), tokens_kept_max=20)
    texts = [f"{{ {name}: me {{ id }} }}" for name in "abc"]  # 8 tokens each
    first, second = (cache.prepared(text, specified_rules) for text in texts[:2])
    cache.prepared(texts[0], specified_rules)

    cache.prepared(texts[2], specified_rules)

    assert cache.tokens_kept == 16
    assert cache.prepared(texts[0], specified_rules) is first
    assert cache.prepared(texts[1], specified_rules) is not second


def test_long_texts_weigh_more_than_their_tokens() -> None:
    cache = Documents(contract_schema(), QueryLimits(), tokens_kept_max=100)

    cache.prepared("{ me { id } }".ljust(20_000), specified_rules)

    assert cache.tokens_kept == 0


def test_a_text_that_cannot_be_parsed_is_not_kept() -> None:
    cache = documents()

    with pytest.raises(GraphQLError) as refused:
        cache.prepared("{", specified_rules)
    assert refused.value.extensions == {"code": "GRAPHQL_PARSE_FAILED"}
    assert cache.tokens_kept == 0


@strawberry.type
class Query:
    @strawberry.field
    def number(self) -> int:
        return 7


class Server:
    """A Strawberry schema of one number with the extension."""

    def __init__(self, limits: QueryLimits) -> None:
        self.schema = strawberry.Schema(Query, extensions=[lambda: PreparedDocuments(self.cache)])
        self.cache = Documents(self.schema._schema, limits)

    async def run(self, text: str) -> ExecutionResult:
        result = await self.schema.execute(text)
        assert isinstance(result, ExecutionResult)
        return result


async def test_strawberry_runs_documents_of_the_cache() -> None:
    server = Server(QueryLimits())

    for _ in range(2):
        result = await server.run("{ number }")
        assert (result.data, result.errors) == ({"number": 7}, None)
    assert server.cache.tokens_kept == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ n: number }", "The query has 1 aliases; at most 0 are allowed."),
        ("{ nothing }", "Cannot query field 'nothing' on type 'Query'."),
        (
            "{ number number number number number number }",
            "Syntax Error: Document contains more than 6 tokens. Parsing aborted.",
        ),
        ("{", "Syntax Error: Expected Name, found <EOF>."),
        (
            "{ number }".ljust(101),
            "Syntax Error: Source contains more than 100 code points. Parsing aborted.",
        ),
    ],
)
async def test_strawberry_answers_with_what_is_wrong(text: str, message: str) -> None:
    result = await Server(QueryLimits(aliases=0, tokens=6, characters=100)).run(text)

    assert result.data is None
    assert [error.message for error in result.errors or ()] == [message]


def test_a_request_without_a_query_is_not_the_caches_concern() -> None:
    server = Server(QueryLimits())

    with pytest.raises(Exception, match="query"):
        server.schema.execute_sync(None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (QUERY, False),
        ("{ __typename }", False),
        ('{ assets { __typename } __type(name: "A") { name } }', True),
        (
            "query A { id } query B { ...F } fragment F on Query { __schema { __typename } }",
            True,
        ),
        ("{ _service { sdl } }", True),
    ],
)
def test_it_is_known_whether_a_document_asks_about_the_schema(text: str, *, expected: bool) -> None:
    assert documents().prepared(text, specified_rules).introspects is expected
