"""What the contract's queries cost, before they run and after."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query

from schema.cost_plan import CostPlan
from schema.document_shape import SATURATED
from tests.schema.contract import cost_of, documents, nodes_of, prepared

MUTATION = "mutation ($i: DepositInput!) { deposit(input: $i) { %s } }"


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        # An object is a point, a scalar nothing.
        ('{ asset(id: "BTC") { id name price } }', 1),
        ('{ asset(id: "BTC") { allTimeHigh { price } allTimeLow { at } } }', 3),
        ("{ __typename }", 0),
        ("{ tradingRules { feePercent } rateLimit { restoreRate } me { account { cash } } }", 4),
        # A connection is a point and one for each item, 20 by default.
        ("{ assets { nodes { id } } }", 1 + 20),
        ("{ assets(first: 100) { nodes { id name price } } }", 1 + 100),
        ("{ assets(last: 7) { nodes { id } } }", 1 + 7),
        ("{ assets(first: null) { nodes { id } } }", 1 + 20),
        ("{ assets(first: 3, last: 9) { nodes { id } } }", 1 + 9),
        ("{ assets { pageInfo { hasNextPage } } }", 2),
        # An edge and its node are one.
        ("{ orders(first: 10) { edges { cursor } } }", 1 + 10),
        ("{ orders(first: 10) { edges { cursor node { id } } } }", 1 + 10),
        ("{ orders(first: 10) { edges { node { asset { id } fill { price } } } } }", 1 + 30),
        ("{ orders(first: 10) { edges { node { id } } nodes { id } } }", 1 + 20),
        # What the store reads and nobody is shown is a point for ten rows.
        ("{ orders(first: 95) { pageInfo { endCursor } } }", 2 + 10),
        ("{ orders { __typename } }", 1 + 2),
        ("{ orders { edges { cursor } } }", 1 + 20),
        ("{ transactions(filter: {kinds: [RESET]}, first: 1) { nodes { id } } }", 2 + 100),
        ("{ transactions(filter: {}, last: 50) { __typename } }", 1 + 5 + 100),
        ('{ assets(first: 100, filter: {search: "a"}) { __typename } }', 1),
        # What the field will refuse is taken into the bounds.
        ("{ assets(first: 1000000) { nodes { id } } }", 1 + 100),
        ("{ assets(first: 0) { nodes { id } } }", 1),
        ("{ assets(first: -5) { nodes { id } } }", 1),
        ("{ assets(first: -2147483648) { nodes { id } } }", 1),
        ("{ assets(first: 2147483647) { nodes { id } } }", 1 + 100),
        # Lists without pages have their stated length.
        ("{ portfolio { positions { quantity asset { id } } } }", 1 + 250 * 2),
        ("{ portfolioHistory { points { at } } }", 1 + 500),
        ('{ asset(id: "BTC") { candles { open } } }', 1 + 24),
        ('{ asset(id: "BTC") { candles(limit: 500) { open } } }', 1 + 500),
        ("{ transactions(first: 2) { nodes { legs { unit } order { id } } } }", 1 + 2 * 8),
        ("subscription { priceUpdates { price asset { id } } }", 250 * 2),
        ('subscription { priceUpdates(assetIds: ["BTC", "ETH"]) { price } }', 2),
        ('subscription { priceUpdates(assetIds: "BTC") { price } }', 250),
        ("subscription { accountEvents { transaction { legs { unit } } order { id } } }", 9),
        ("subscription { orderUpdates { id } }", 1),
        # A mutation is ten, its payload included; errors are no further objects but one.
        (MUTATION % "replayed", 10),
        (MUTATION % "account { cash } transaction { id } errors { code }", 10 + 3),
        ("mutation { logout { success } again: logout { success } }", 20),
        # Of a union or an interface the dearest member counts.
        ("{ portfolioInsights { ... on PortfolioInsights { summary } } }", 1),
        ("{ portfolioInsights { __typename ... on InsightsUnavailable { reason } } }", 1),
        # Fields under one name are one field.
        ("{ me { id } me { account { id } } ... { me { account { cash } } } }", 2),
        ("{ a: me { id } b: me { id } }", 2),
        # What a literal leaves out costs nothing; what a variable may leave out costs in full.
        ("{ me @skip(if: true) { id } account @include(if: false) { id } }", 0),
        ("{ me @skip(if: false) { id } account @include(if: true) { id } }", 2),
        ("query ($v: Boolean!) { me @skip(if: $v) { id } account @include(if: $v) { id } }", 2),
        ("{ ...F @include(if: false) } fragment F on Query { me { id } }", 0),
        ("{ ... @skip(if: true) { me { id } } ... @include(if: true) { me { id } } }", 1),
    ],
)
def test_the_contracts_queries_cost_what_is_stated(text: str, cost: int) -> None:
    assert cost_of(text) == cost


def test_nested_lists_multiply() -> None:
    text = "{ assets(first: 100) { nodes { candles(limit: 500) { open } } } }"

    assert nodes_of(text) == 1 + 100 * (1 + 500)
    with pytest.raises(Exception, match="could return 50101 objects; at most 10000"):
        documents().requested_cost(prepared(text), None, None)


def test_the_dearest_member_counts_by_fragments_of_any_kind() -> None:
    text = """
        mutation ($i: WithdrawInput!) { withdraw(input: $i) { account { ...Money } } }
        fragment Money on Account { depositAllowance { used } ... on Account { ...More } }
        fragment More on Account { withdrawalAllowance { used } }
    """

    assert cost_of(text) == 10 + 1 + 2


@pytest.mark.parametrize(
    ("variables", "items"),
    [
        ({"n": 30}, 30),
        ({"n": 0}, 0),
        ({"n": -1}, 0),
        ({"n": 10**30}, 100),
        ({"n": None}, 20),
        ({}, 20),
        ({"n": "30"}, 100),
        ({"n": 2.5}, 100),
        ({"n": True}, 100),
        ({"n": {}}, 100),
        ({"N": 5}, 20),
    ],
)
def test_a_variable_sets_the_size_and_a_wrong_one_is_never_cheap(
    variables: Mapping[str, Any], items: int
) -> None:
    text = "query ($n: Int) { assets(first: $n) { nodes { id } } }"

    assert cost_of(text, variables) == 1 + items


@pytest.mark.parametrize(
    ("variables", "items"),
    [({}, 5), ({"n": None}, 20), ({"n": 7}, 7)],
)
def test_a_variables_default_counts_when_nothing_is_given(
    variables: Mapping[str, Any], items: int
) -> None:
    text = "query ($n: Int = 5) { assets(first: $n) { nodes { id } } }"

    assert cost_of(text, variables) == 1 + items


def test_the_length_of_a_variable_list_counts() -> None:
    text = "subscription ($ids: [ID!]) { priceUpdates(assetIds: $ids) { price } }"

    assert cost_of(text, {"ids": ["BTC", "ETH", "SOL"]}) == 3
    assert cost_of(text, {"ids": []}) == 0
    assert cost_of(text, {"ids": "BTC"}) == 250
    assert cost_of(text, {"ids": None}) == cost_of(text) == 250


def test_two_variables_for_one_size_count_by_the_larger() -> None:
    text = "query ($a: Int, $b: Int) { assets(first: $a, last: $b) { nodes { id } } }"

    assert cost_of(text, {"a": 3, "b": 9}) == 10
    assert cost_of(text, {"b": 9}) == 10
    assert (
        cost_of("query ($a: Int) { assets(first: $a, last: 9) { nodes { id } } }", {"a": 3}) == 10
    )


def test_sizes_from_variables_multiply_too() -> None:
    text = """
        query ($n: Int, $l: Int) {
          assets(first: $n) { nodes { position { id } candles(limit: $l) { open } } }
        }
    """

    assert cost_of(text, {"n": 3, "l": 7}) == 1 + 3 * (1 + 1 + 7)


def test_each_operation_of_a_document_has_its_own_price() -> None:
    text = "query A { me { id } } query B { assets { nodes { id } } }"

    assert cost_of(text, name="A") == 1
    assert cost_of(text, name="B") == 21


@pytest.mark.parametrize("name", [None, "C", ""])
def test_an_operation_that_is_not_there_has_no_price(name: str | None) -> None:
    found = prepared("query A { me { id } } query B { me { id } }")

    with pytest.raises(GraphQLError) as refused:
        documents().requested_cost(found, name, {})
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}


def test_introspection_costs_by_its_rows() -> None:
    everything = cost_of(get_introspection_query())

    assert 100 < everything < 500
    assert cost_of("{ __schema { queryType { name } } }") == 0
    assert cost_of('{ __type(name: "Asset") { fields { name args { name } } } }') == 2
    assert nodes_of("{ __schema { types { name } } me { id } }") == 1


def test_the_actual_cost_is_that_of_the_objects_in_the_answer() -> None:
    plan = prepared(
        """
        {
          portfolio { id positions { id asset { id } } }
          orders { edges { cursor node { id fill { price } } } pageInfo { hasNextPage } }
          none: asset(id: "X") { allTimeHigh { price } }
        }
        """
    ).plan(None)
    order = {"id": "o", "fill": None}
    data = {
        "portfolio": {"id": "p", "positions": [{"id": "a", "asset": {"id": "BTC"}}] * 3},
        "orders": {
            "edges": [{"cursor": "c", "node": order}, {"cursor": "d", "node": {"fill": {}}}],
            "pageInfo": {"hasNextPage": False},
        },
        "none": None,
    }

    assert plan.actual(data, 1_000) == (1 + 3 * 2) + (1 + 2 + 1 + 1)


def test_the_actual_cost_of_a_mutation_holds_its_ten() -> None:
    plan = prepared(MUTATION % "account { id } errors { code }").plan(None)

    refused = {"deposit": {"account": None, "errors": [{"code": "INVALID_INPUT"}] * 5}}

    assert plan.actual(refused, 12) == 12
    assert plan.actual({"deposit": {"account": {"id": "a"}, "errors": []}}, 12) == 11


@pytest.mark.parametrize("data", [None, {}, {"me": None}, {"portfolio": {"positions": None}}])
def test_an_answer_without_data_costs_next_to_nothing(data: dict[str, Any] | None) -> None:
    plan = prepared("{ me { id } portfolio { positions { asset { id } } } }").plan(None)

    assert plan.actual(data, 502) in {0, 1}


def test_a_list_with_holes_costs_what_is_in_it() -> None:
    plan = prepared("{ orders { nodes { asset { id } } } }").plan(None)

    assert plan.actual({"orders": {"nodes": [None, {"asset": {}}, None]}}, 100) == 3


def test_the_actual_cost_is_never_more_than_what_was_held() -> None:
    plan = prepared("{ orders { nodes { id } } }").plan(None)

    assert plan.actual({"orders": {"nodes": [{"id": "o"}] * 500}}, 21) == 21


def test_rows_that_a_filter_passed_over_are_paid_for_and_the_rest_is_given_back() -> None:
    text = "query ($n: Int) { orders(first: $n, filter: {side: BUY}) { pageInfo { endCursor } } }"
    plan = prepared(text).plan(None)
    data = {"orders": {"pageInfo": {"endCursor": None}}}
    requested = plan.points({"n": 30})

    assert requested == 2 + 3 + 100
    assert plan.actual(data, requested, {"n": 30}) == 2 + 3
    assert plan.actual(data, requested, {"n": 30}, rows_passed_over=1) == 2 + 3 + 1
    assert plan.actual(data, requested, {"n": 30}, rows_passed_over=1_000) == requested
    assert plan.actual(data, requested, {"n": 30}, rows_passed_over=9_999) == requested


@pytest.mark.parametrize(
    ("selected", "points"),
    [
        ("price", 1),
        ("price asset { id }", 2),
        ("asset { candles(limit: $n) { open } position { id } }", 1 + 1 + 7 + 1),
    ],
)
def test_an_item_of_a_stream_has_a_price_of_its_own(selected: str, points: int) -> None:
    text = f"subscription ($n: Int = 1) {{ priceUpdates {{ {selected} at }} }}"
    text = text if "$n" in selected else text.replace("($n: Int = 1) ", "")

    assert prepared(text).plan(None).item_points({"n": 7}) == points


def test_what_failed_within_costs_all_that_was_held_for_it() -> None:
    text = "query ($n: Int) { assets(first: $n) { nodes { candles { open } } } me { id } }"
    plan = prepared(text).plan(None)
    requested = plan.points({"n": 4})

    assert requested == (1 + 4 * 25) + 1
    assert plan.actual({"assets": None, "me": {"id": "u"}}, requested, {"n": 4}) == 1
    assert (
        plan.actual({"assets": None, "me": None}, requested, {"n": 4}, failed={"assets"})
        == requested - 1
    )
    assert plan.actual(None, requested, {"n": 4}, failed={"assets", "me"}) == requested


def test_points_stop_growing_at_the_largest_int() -> None:
    plan = CostPlan((), 10, lambda _: SATURATED)

    assert plan.points({}) == SATURATED
