"""Top-level errors: a code for each, and nothing of the inside or of what was typed."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from adapters.table import TableOutcomeUnknownError, TableUnavailableError
from domain.certain_writes import REPEATS_MAX
from domain.ledger import DECISIONS_MAX
from tests.api.world import PASSWORD, World, answer_of

DEPOSIT = """
mutation ($key: String) {
  deposit(input: {amount: "5", idempotencyKey: $key}) {
    transaction { version } account { cash } replayed errors { code }
  }
}"""
CONTRACT = Path(__file__).with_name("contract.graphql").read_text()


@pytest.mark.parametrize(
    ("text", "variables", "code"),
    [
        ("{ me", {}, "GRAPHQL_PARSE_FAILED"),
        ('{ asset(id: "BTC) { id } }', {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ asset { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ tradingRules(x: 1) { marketSource } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ assets(first: 2147483648) { nodes { id } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { asset(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { asset(id: $id) { id } }", {"id": None}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { asset(id: $id) { id } }", {"id": 1.5}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { asset(id: $id) { id } }", {"id": []}, "BAD_USER_INPUT"),
        ("{ portfolioHistory(range: null) { points { at } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ me { id } }", {}, "UNAUTHENTICATED"),
    ],
)
async def test_every_error_has_a_code_of_the_contract(
    world: World, text: str, variables: dict[str, Any], code: str
) -> None:
    answer = await world.run(text, variables)
    assert answer.codes == [code]
    assert code in CONTRACT
    assert "None" not in answer.message
    again = await world.run(text, variables)
    assert again == answer


@pytest.mark.parametrize(
    ("text", "code"),
    [("{ me", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")],
)
async def test_on_a_websocket_it_is_the_same(world: World, text: str, code: str) -> None:
    (answer,) = [answer async for answer in world.listen(text)]
    assert (answer.data, answer.codes) == (None, [code])


async def test_a_document_without_an_operation_is_the_clients_fault(world: World) -> None:
    (answer,) = [answer async for answer in world.listen("fragment F on Query { me { id } }")]
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])


async def test_a_document_that_is_nested_too_deeply_is_refused(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    text = "{ me " * 5_000 + "}" * 5_000
    answer = await world.run(text)
    (heard,) = [answer async for answer in world.listen(text)]
    assert answer == heard
    assert answer.data is None
    assert answer.codes == ["GRAPHQL_PARSE_FAILED"]
    assert caplog.records == []


async def test_one_failing_field_takes_no_neighbour_along(world: World) -> None:
    text = '{ me { id } account { id } asset(id: "BTC") { id } assets(first: 0) { nodes { id } } }'
    answer = await world.run(text)
    assert answer.data == {"me": None, "account": None, "asset": {"id": "BTC"}, "assets": None}
    assert sorted(answer.codes) == ["BAD_USER_INPUT", "UNAUTHENTICATED", "UNAUTHENTICATED"]


async def test_an_unexpected_error_is_masked_and_logged_with_its_traceback(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await world.register()
    context = await world.context(alice, request_id="request-7")
    world.table.fail_next(ValueError("the inside of things"))  # type: ignore[arg-type]
    result = await world.schema.execute("{ account { id } }", context_value=context)

    assert result.data == {"account": None}
    error = answer_of(result.data, result.errors).errors[0]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "request-7"}
    assert (
        error["message"] == "Something went wrong on our side; it is logged as request request-7."
    )
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("cnop.graphql", "ERROR")
    assert record.exc_info
    assert "the inside of things" in caplog.text
    assert vars(record)["request_id"] == "request-7"


async def test_an_outage_says_that_nothing_happened(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await world.register()
    before = world.stored()
    world.table.fail_transactions(TableUnavailableError("down"))
    answer = await world.run(DEPOSIT, as_=alice)
    assert answer.data == {"deposit": None}
    assert answer.codes == ["SERVICE_UNAVAILABLE"]
    assert "nothing happened" in answer.message
    assert world.stored() == before
    assert caplog.records == []


async def test_an_unknown_outcome_says_so_and_the_same_key_settles_it(world: World) -> None:
    alice = await world.register()
    world.table.fail_transactions(*[TableOutcomeUnknownError("lost")] * REPEATS_MAX)
    answer = await world.run(DEPOSIT, {"key": "k"}, as_=alice)
    assert answer.data == {"deposit": None}
    assert answer.codes == ["OUTCOME_UNKNOWN"]
    assert "same idempotency key" in answer.message
    again = (await world.run(DEPOSIT, {"key": "k"}, as_=alice))["deposit"]
    assert again["account"] == {"cash": "5.00"}


async def test_a_lost_answer_of_the_store_is_looked_up(world: World) -> None:
    alice = await world.register()
    world.table.fail_transactions(TableOutcomeUnknownError("lost"), is_written=True)
    payload = (await world.run(DEPOSIT, as_=alice))["deposit"]
    assert (payload["transaction"], payload["account"]) == ({"version": 1}, {"cash": "5.00"})


async def test_an_account_that_changes_too_fast_is_a_conflict_and_nothing_happened(
    world: World,
) -> None:
    alice = await world.register()
    before = world.stored()
    world.table.overtaken = DECISIONS_MAX
    payload = (await world.run(DEPOSIT, {"key": "k"}, as_=alice))["deposit"]
    assert payload == {
        "transaction": None,
        "account": {"cash": "0.00"},
        "replayed": False,
        "errors": [{"code": "CONFLICT"}],
    }
    assert world.stored() == before
    assert not (await world.run(DEPOSIT, {"key": "k"}, as_=alice))["deposit"]["replayed"]


SECRET = "Hunter-2-Hunter-2"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (
            "mutation ($i: RegisterInput!) { register(input: $i) { errors { code } } }",
            {"i": {"username": "alice_01", "password": SECRET}},
        ),
        (
            "mutation ($i: LoginInput!) { login(input: $i) { errors { code } } }",
            {"i": {"username": "alice_01", "password": SECRET, "remember": True}},
        ),
        (
            "mutation ($p: String!) { login(input: {username: 7, password: $p}) { user { id } } }",
            {"p": [SECRET]},
        ),
        (
            f'mutation {{ login(input: {{passphrase: "{SECRET}"}}) {{ errors {{ code }} }} }}',
            {},
        ),
        ("mutation ($i: [LoginInput]) { login(input: $i) { errors { code } } }", {"i": SECRET}),
        ("mutation ($i: LoginInput!) { login(input: $i) { errors { code } } }", {"i": SECRET}),
        ("mutation ($i: LoginInput!) { login(input: $i) { errors { code } } }", {"i": [SECRET]}),
    ],
)
async def test_no_error_repeats_a_password(
    world: World, text: str, variables: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = await world.run(text, variables)
    assert answer.errors != []
    assert SECRET not in json.dumps(answer.errors)
    assert caplog.records == []


async def test_nothing_is_logged_that_should_not_be(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    alice = await world.trader("1234.56")
    await world.buy(alice, "ETH", "0.31")
    for text in ("{ me { email } }", "{ portfolio { totalValue } }", "{ me", "{ nothing }"):
        await world.run(text, as_=alice)
    context = await world.context(alice)
    world.table.fail_next(ValueError("unforeseen"))  # type: ignore[arg-type]
    await world.schema.execute("{ portfolio { cash } }", context_value=context)
    told = caplog.text
    for secret in (PASSWORD, alice.access_token, alice.refresh_token, "@example.com", "1234.56"):
        assert secret not in told


async def test_an_outage_within_an_answer_takes_nothing_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await world.trader("10000")

    async def down(*_: object, **__: object) -> None:
        raise TableUnavailableError("down")

    monkeypatch.setattr(world.table, "query", down)
    text = """
    mutation {
      placeOrder(input: {assetId: "BTC", side: BUY, quantity: "0.1"}) {
        order { status } position { allocationPercent } errors { code }
      }
    }"""
    answer = await world.run(text, as_=alice)
    assert answer.data["placeOrder"] == {
        "order": {"status": "FILLED"},
        "position": None,
        "errors": [],
    }
    assert answer.codes == ["SERVICE_UNAVAILABLE"]
    assert answer.errors[0]["path"] == ["placeOrder", "position", "allocationPercent"]
    assert "nothing happened" not in answer.message
    assert "whatever was done stands" in answer.message
