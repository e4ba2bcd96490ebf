"""What the DynamoDB engine makes of failures that no emulator shows."""

import asyncio

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from adapters.dynamodb_retry import ATTEMPTS_MAX, Retry
from adapters.table import (
    Absent,
    ConditionFailedError,
    Delete,
    Item,
    Key,
    Put,
    TableError,
    TableOutcomeUnknownError,
    TableRefusedError,
    TableUnavailableError,
    Write,
)
from tests.adapters.conftest import WallClock
from tests.adapters.dynamodb_script import Sleeper, cancelled, failed, scripted_table

KEY = Key("A", "1")
WRITES: list[Write] = [Put(Item(KEY, {"n": 1}), (Absent(),)), Delete(Key("A", "2"))]
URL = "http://127.0.0.1"

NOT_DONE = [
    cancelled("None", "TransactionConflict"),
    cancelled("ThrottlingError", "None"),
    cancelled("ProvisionedThroughputExceeded", "TransactionConflict"),
    failed("ThrottlingException"),
    failed("ProvisionedThroughputExceededException"),
    failed("RequestLimitExceeded"),
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
]
UNSURE = [
    failed("InternalServerError", status=500),
    failed("ServiceUnavailable", status=503),
    failed("SomethingNew", status=502),
    failed("TransactionInProgressException"),
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
]
DEFINITE: list[tuple[Exception, type[TableError]]] = [
    (failed("ValidationException"), TableRefusedError),
    (failed("ItemCollectionSizeLimitExceededException"), TableRefusedError),
    (cancelled("None", "ValidationError"), TableRefusedError),
    (cancelled("ItemCollectionSizeLimitExceeded", "None"), TableRefusedError),
    (ParamValidationError(report="x"), TableRefusedError),
    (failed("ResourceNotFoundException"), TableUnavailableError),
    (failed("AccessDeniedException"), TableUnavailableError),
    (cancelled("None", "SomethingNew"), TableUnavailableError),
    (NoCredentialsError(), TableUnavailableError),
    (cancelled("None", "ConditionalCheckFailed"), ConditionFailedError),
    (cancelled("TransactionConflict", "ConditionalCheckFailed"), ConditionFailedError),
]


@pytest.mark.parametrize("failure", [*NOT_DONE, *UNSURE], ids=str)
async def test_a_transaction_is_sent_again_just_as_it_was(failure: Exception) -> None:
    table, client = scripted_table(failure, failure, {})

    await table.transact(WRITES, token="t1")

    first, *others = client.requests
    assert others == [first] * 2
    assert len(first["ClientRequestToken"]) == 36


async def test_waiting_doubles_up_to_a_bound_with_full_jitter() -> None:
    sleeper = Sleeper()
    table, _ = scripted_table(*[NOT_DONE[0]] * 8, {}, sleeper=sleeper)

    await table.transact(WRITES, token="t1")

    assert sleeper.slept_s == [0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.5]


@pytest.mark.parametrize("failure", NOT_DONE, ids=str)
async def test_at_the_deadline_nothing_was_written(failure: Exception) -> None:
    sleeper = Sleeper()
    table, client = scripted_table(failure, sleeper=sleeper)

    with pytest.raises(TableUnavailableError):
        await table.transact(WRITES, token="t1")

    assert sleeper.now_s <= Retry().deadline_s
    assert len(client.requests) > 5


@pytest.mark.parametrize("failure", UNSURE, ids=str)
async def test_at_the_deadline_the_outcome_is_unknown_if_one_sending_may_have_been_done(
    failure: Exception,
) -> None:
    table, _ = scripted_table(NOT_DONE[0], failure, NOT_DONE[0])

    with pytest.raises(TableOutcomeUnknownError):
        await table.transact(WRITES, token="t1")


@pytest.mark.parametrize(("failure", "expected"), DEFINITE, ids=str)
async def test_a_definite_refusal_is_not_sent_again(
    failure: Exception, expected: type[TableError]
) -> None:
    table, client = scripted_table(NOT_DONE[0], failure)

    with pytest.raises(expected) as raised:
        await table.transact(WRITES, token="t1")

    assert len(client.requests) == 2
    if isinstance(raised.value, ConditionFailedError):
        assert raised.value.keys == {Key("A", "2")}


@pytest.mark.parametrize(("failure", "expected"), DEFINITE, ids=str)
async def test_a_refusal_after_a_lost_answer_leaves_the_outcome_unknown(
    failure: Exception, expected: type[TableError]
) -> None:
    table, _ = scripted_table(UNSURE[-1], failure)

    with pytest.raises(TableOutcomeUnknownError) as raised:
        await table.transact(WRITES, token="t1")

    assert isinstance(raised.value.__cause__, expected)


async def test_a_token_that_was_accepted_with_another_request_is_an_unknown_outcome() -> None:
    table, client = scripted_table(failed("IdempotentParameterMismatchException"))

    with pytest.raises(TableOutcomeUnknownError):
        await table.transact(WRITES, token="t1")
    assert len(client.requests) == 1


async def test_an_unknown_outcome_is_repeated_with_the_very_same_request() -> None:
    wall_clock = WallClock()
    refusal = cancelled("ConditionalCheckFailed", "None")
    table, client = scripted_table(UNSURE[-1], refusal, refusal, {}, wall_clock=wall_clock)
    with pytest.raises(TableOutcomeUnknownError):
        await table.transact(WRITES, token="t1")
    first = client.requests[0]

    wall_clock.now_s += 5
    with pytest.raises(ConditionFailedError):
        await table.transact(WRITES, token="t1")
    assert client.requests[-1] == first

    # That was definite, so a new sending is a new request, and carries its own time.
    await table.transact(WRITES, token="t1")
    assert client.requests[-1] != first


@pytest.mark.parametrize("failure", [NOT_DONE[0], failed("AccessDeniedException")], ids=str)
async def test_a_repeat_that_never_gets_through_leaves_the_outcome_unknown(
    failure: Exception,
) -> None:
    table, _ = scripted_table(UNSURE[-1], failure)
    for _ in range(2):
        with pytest.raises(TableOutcomeUnknownError):
            await table.transact(WRITES, token="t1")


async def test_the_token_of_an_unknown_outcome_names_no_other_transaction() -> None:
    table, _ = scripted_table(UNSURE[-1])
    with pytest.raises(TableOutcomeUnknownError):
        await table.transact(WRITES, token="t1")

    with pytest.raises(TableRefusedError, match="another transaction"):
        await table.transact(WRITES[:1], token="t1")


async def test_only_so_many_unknown_outcomes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.dynamodb_table.UNSETTLED_MAX", 2)
    table, _ = scripted_table(UNSURE[-1])
    for number in range(4):
        with pytest.raises(TableOutcomeUnknownError):
            await table.transact(WRITES, token=f"t{number}")

    assert list(table._unsettled) == ["t2", "t3"]


async def test_a_clock_that_stands_still_ends_the_attempts_too() -> None:
    table, client = scripted_table(NOT_DONE[0], sleeper=StoppedSleeper())

    with pytest.raises(TableUnavailableError):
        await table.transact(WRITES, token="t1")
    assert len(client.requests) == ATTEMPTS_MAX


class StoppedSleeper(Sleeper):
    async def sleep(self, seconds: float) -> None:
        pass


@pytest.mark.parametrize("failure", [*NOT_DONE, *UNSURE], ids=str)
async def test_reads_are_sent_again_until_the_deadline(failure: Exception) -> None:
    item = {"Item": {"pk": {"S": "A"}, "sk": {"S": "1"}, "n": {"N": "1E+3"}}}
    table, _ = scripted_table(failure, item)
    assert await table.get(KEY) == Item(KEY, {"n": 1000})

    table, client = scripted_table(failure)
    with pytest.raises(TableUnavailableError):
        await table.get(KEY)
    assert len(client.requests) > 5


async def test_a_read_of_a_missing_table_fails_at_once() -> None:
    table, client = scripted_table(failed("ResourceNotFoundException"))

    with pytest.raises(TableUnavailableError):
        await table.snapshot([KEY])
    assert len(client.requests) == 1


def batch_answer(read: list[str], unread: list[str]) -> dict[str, object]:
    items = [{"pk": {"S": "A"}, "sk": {"S": sk}} for sk in read]
    answer: dict[str, object] = {"Responses": {"cnop": items}, "UnprocessedKeys": {}}
    if unread:
        keys = [{"pk": {"S": "A"}, "sk": {"S": sk}} for sk in unread]
        answer["UnprocessedKeys"] = {"cnop": {"Keys": keys}}
    return answer


async def test_keys_that_a_batch_leaves_unread_are_asked_for_again() -> None:
    sleeper = Sleeper()
    script = [batch_answer([], ["1", "2"]), batch_answer(["2"], ["1"]), batch_answer(["1"], [])]
    table, client = scripted_table(*script, sleeper=sleeper)

    found = await table.get_many([KEY, Key("A", "2")])

    assert sorted(key.sk for key in found) == ["1", "2"]
    assert client.requests[2]["RequestItems"]["cnop"]["Keys"] == [
        {"pk": {"S": "A"}, "sk": {"S": "1"}}
    ]
    assert len(sleeper.slept_s) == 2


async def test_a_batch_that_stays_unread_is_unavailable() -> None:
    table, _ = scripted_table(batch_answer([], ["1"]))

    with pytest.raises(TableUnavailableError, match="unread"):
        await table.get_many([KEY])


async def test_a_page_of_nothing_but_expired_items_comes_to_an_end() -> None:
    onwards = {"Items": [], "LastEvaluatedKey": {"pk": {"S": "A"}, "sk": {"S": "1"}}}
    table, client = scripted_table(onwards)

    with pytest.raises(TableUnavailableError, match="expired"):
        await table.query("A")
    assert len(client.requests) <= 1001


async def test_closing_waits_for_what_is_on_its_way() -> None:
    table, client = scripted_table(NOT_DONE[0], {})
    writing = asyncio.create_task(table.transact(WRITES, token="t1"))
    await asyncio.sleep(0)
    await asyncio.gather(table.close(), table.close())

    assert writing.done()
    assert len(client.requests) == 2
    with pytest.raises(TableUnavailableError, match="closed"):
        await table.get(KEY)


async def test_reads_are_strong_unless_they_need_not_be() -> None:
    table, client = scripted_table({"Items": [], "Responses": {}})
    await table.get(KEY)
    await table.query("A")
    assert [item async for item in table.scan("")] == []
    await table.get_many([KEY])
    *others, batch = client.requests
    strong = [*others, batch["RequestItems"]["cnop"]]
    assert [request["ConsistentRead"] for request in strong] == [True] * 4
    client.requests.clear()
    await table.get(KEY, strong=False)
    await table.query("A", strong=False)
    await table.get_many([KEY], strong=False)
    *others, batch = client.requests
    weak = [*others, batch["RequestItems"]["cnop"]]
    assert [request["ConsistentRead"] for request in weak] == [False] * 3
