"""What the ledger does when the table doesn't say what came of a transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.journal_items import entry_item
from adapters.table import (
    ConditionFailedError,
    Item,
    Key,
    Put,
    Table,
    TableUnavailableError,
    Write,
)
from domain.certain_writes import REPEATS_MAX
from domain.funds import Deposit, Withdraw
from domain.ledger import DECISIONS_MAX, Outcome
from domain.money import Money
from domain.orders import OrderSide, OrderType, TimeInForce
from domain.outages import DamagedStoreError, OutageError, OutcomeUnknownError
from domain.pages import OrderFilter, Stretch
from domain.refusals import ErrorCode
from tests.adapters.faulty_table import Fault, FaultyTable
from tests.adapters.memory_table import MemoryTable
from tests.domain.ledger_world import ACCOUNT, World, codes, resting

KEY = "a-key"
DEPOSIT = Deposit.of(Decimal(1))
TOO_MUCH = Withdraw.of(Decimal(500))


async def faulty_world(
    *faults: Fault | None, remembers_tokens: bool = True
) -> tuple[World, FaultyTable]:
    world = World()
    engine = MemoryTable(world.clock.now_s, remembers_tokens=remembers_tokens)
    table = FaultyTable(engine)
    world = await World(table).open("100")
    engine._now_s = world.clock.now_s
    table.script(*faults)
    return world, table


@pytest.mark.parametrize("remembers_tokens", [True, False])
@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize(
    "faults",
    [
        [Fault.AFTER],
        [Fault.LOST],
        [Fault.LATE],
        [Fault.TWICE],
        [Fault.LOST, Fault.LOST, Fault.AFTER],
        [Fault.LOST, Fault.BEFORE, Fault.BEFORE],
        [Fault.LATE, Fault.BEFORE, Fault.LATE, Fault.LOST, Fault.AFTER],
        [Fault.LATE] * (REPEATS_MAX - 1),
    ],
)
async def test_a_doubtful_deposit_is_made_exactly_once(
    faults: list[Fault], key: str | None, *, remembers_tokens: bool
) -> None:
    # Given
    world, table = await faulty_world(*faults, remembers_tokens=remembers_tokens)
    # When
    done = await world.do(DEPOSIT, key)
    await table.settle()
    # Then
    assert not done.errors
    assert not done.is_replay
    assert done.account == await world.account()
    assert done.account.cash == Money(101_00)
    assert await world.findings() == []


@pytest.mark.parametrize("remembers_tokens", [True, False])
@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize(
    "faults",
    [
        [Fault.AFTER],
        [Fault.LOST],
        [Fault.LATE],
        [Fault.TWICE],
        [Fault.LOST, Fault.BEFORE, Fault.BEFORE],
        [Fault.LATE, Fault.BEFORE, Fault.LATE, Fault.LOST, Fault.AFTER],
    ],
)
async def test_a_doubtful_order_without_an_entry_is_noted_exactly_once(
    faults: list[Fault], key: str | None, *, remembers_tokens: bool
) -> None:
    # Given
    world, table = await faulty_world(*faults, remembers_tokens=remembers_tokens)
    unfillable = resting(OrderType.LIMIT, OrderSide.BUY, "1", "1", force=TimeInForce.IOC)
    # When
    done = await world.do(unfillable, key)
    await table.settle()
    # Then
    assert (done.errors, done.entry, done.is_replay) == ((), None, False)
    page = await world.accounts.orders_where(ACCOUNT, OrderFilter(), Stretch(limit=9))
    assert page.items == (done.order,)
    assert await world.account() == done.account
    assert await world.findings() == []


async def test_nothing_happened_when_the_table_was_away_from_the_first() -> None:
    world, _ = await faulty_world(Fault.BEFORE)
    with pytest.raises(OutageError):
        await world.do(DEPOSIT, KEY)
    assert (await world.account()).version == 1
    assert world.hints.versions == [1]
    assert not (await world.do(DEPOSIT, KEY)).is_replay


async def test_an_outcome_that_stays_unknown_is_told_as_such_and_hinted_at() -> None:
    world, table = await faulty_world(*[Fault.LOST] * REPEATS_MAX)
    with pytest.raises(OutcomeUnknownError):
        await world.do(DEPOSIT, KEY)
    assert len(table.met) == REPEATS_MAX
    assert world.hints.versions == [1, 2]
    done = await world.do(DEPOSIT, KEY)
    assert done.account.cash == Money(101_00)


@pytest.mark.parametrize("remembers_tokens", [True, False])
async def test_asking_again_with_the_same_key_after_an_unknown_outcome_has_one_effect(
    *, remembers_tokens: bool
) -> None:
    # Given a commit that arrives after the ledger gave up
    world, table = await faulty_world(
        *[Fault.LOST] * (REPEATS_MAX - 1), Fault.LATE, remembers_tokens=remembers_tokens
    )
    table.is_holding_back = True
    with pytest.raises(OutcomeUnknownError):
        await world.do(DEPOSIT, KEY)
    await table.settle()
    # When
    done = await world.do(DEPOSIT, KEY)
    # Then
    assert done.is_replay
    assert (await world.account()).cash == Money(101_00)
    assert await world.findings() == []


async def test_a_doubtful_commit_that_somebody_overtook_is_decided_anew() -> None:
    # Given
    world, _ = await faulty_world(Fault.LOST)
    overtaking = world.another_ledger()

    async def overtake(attempt: int) -> None:
        if attempt == 1 and (await world.account()).version == 1:
            await world.do(Withdraw.of(Decimal(40)), ledger=overtaking)

    world.ledger._commits._writes._pause = overtake
    # When
    done = await world.do(DEPOSIT)
    # Then
    assert done.account.version == 3
    assert done.account.cash == Money(61_00)
    assert await world.findings() == []


class TokensNoted(FaultyTable):
    """Also notes the tokens of all transactions."""

    def __init__(self, table: Table, *faults: Fault | None) -> None:
        super().__init__(table, scripted=faults)
        self.tokens: list[str] = []

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        self.tokens.append(token)
        await super().transact(writes, token=token)


async def test_a_repeat_keeps_its_token_and_a_new_decision_takes_a_new_one() -> None:
    # Given
    world, table = await faulty_world()
    noted = TokensNoted(table, Fault.LOST, None, Fault.LOST)
    ledger, overtaking = world.another_ledger(noted), world.another_ledger()

    async def overtake(attempt: int) -> None:
        if attempt == 1 and (await world.account()).version == 1:
            await world.do(Withdraw.of(Decimal(40)), ledger=overtaking)

    ledger._commits._writes._pause = overtake
    # When it is overtaken in doubt, and is in doubt about the next decision too
    done = await world.do(DEPOSIT, ledger=ledger)
    # Then
    assert done.account.cash == Money(61_00)
    doubtful, repeated, decided, again = noted.tokens
    assert doubtful == repeated
    assert decided == again != doubtful


class AwayFor(FaultyTable):
    """Also refuses to be read so many times, once a transaction was left in doubt."""

    looks_refused = 0

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        if self.met and self.looks_refused:
            self.looks_refused -= 1
            raise TableUnavailableError("injected")
        return await super().get(key, strong=strong)


@pytest.mark.parametrize("remembers_tokens", [True, False])
async def test_a_look_that_fails_while_in_doubt_never_says_that_nothing_happened(
    *, remembers_tokens: bool
) -> None:
    # Given
    world = World()
    table = AwayFor(MemoryTable(world.clock.now_s, remembers_tokens=remembers_tokens))
    world = await World(table).open("100")
    table.script(Fault.AFTER)
    table.looks_refused = 2
    # When
    done = await world.do(DEPOSIT)
    # Then
    assert done.account.cash == Money(101_00)
    # And when it stays away
    table.script(Fault.AFTER, *[Fault.BEFORE] * REPEATS_MAX)
    table.looks_refused = 100
    with pytest.raises(OutcomeUnknownError):
        await world.do(DEPOSIT)


@pytest.mark.parametrize("remembers_tokens", [True, False])
@pytest.mark.parametrize(
    "faults", [[Fault.AFTER], [Fault.LOST], [Fault.LATE], [Fault.TWICE], [Fault.LOST, Fault.AFTER]]
)
async def test_a_refusal_is_remembered_whatever_the_table_says(
    faults: list[Fault], *, remembers_tokens: bool
) -> None:
    world, table = await faulty_world(*faults, remembers_tokens=remembers_tokens)
    first = await world.do(TOO_MUCH, KEY)
    await table.settle()
    again = await world.do(TOO_MUCH, KEY)
    assert codes([first]) == [ErrorCode.INSUFFICIENT_FUNDS]
    assert not first.is_replay
    assert again.is_replay
    assert again.errors == first.errors


async def test_a_refusal_that_can_not_be_remembered_is_not_told() -> None:
    world, _ = await faulty_world(Fault.BEFORE)
    with pytest.raises(OutageError):
        await world.do(TOO_MUCH, KEY)
    assert not (await world.do(TOO_MUCH, KEY)).is_replay


async def test_a_key_that_was_used_for_something_else_meanwhile_is_a_mismatch() -> None:
    world, _ = await faulty_world(Fault.LOST)
    other = world.another_ledger()

    async def take_the_key(attempt: int) -> None:
        await world.do(DEPOSIT, KEY, ledger=other)

    world.ledger._commits._writes._pause = take_the_key
    done = await world.do(TOO_MUCH, KEY)
    assert codes([done]) == [ErrorCode.IDEMPOTENCY_MISMATCH]


async def test_a_doubtful_commit_whose_key_a_refusal_took_meanwhile_never_comes_to_be() -> None:
    # Given
    world, table = await faulty_world(Fault.LATE)
    table.is_holding_back = True
    other = world.another_ledger()

    async def take_the_key(attempt: int) -> None:
        await world.do(TOO_MUCH, KEY, ledger=other)

    world.ledger._commits._writes._pause = take_the_key
    # When
    done = await world.do(DEPOSIT, KEY)
    await table.settle()
    # Then
    assert codes([done]) == [ErrorCode.IDEMPOTENCY_MISMATCH]
    assert (await world.account()).version == 1


class AlwaysOvertaken(FaultyTable):
    """Lets every transaction fail its conditions."""

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        raise ConditionFailedError([writes[0].key])


async def test_who_is_overtaken_again_and_again_is_told_so_and_may_use_the_key_again() -> None:
    # Given
    world = await World().open("100")
    pauses: list[int] = []

    async def pause(attempt: int) -> None:
        pauses.append(attempt)

    ledger = world.another_ledger(AlwaysOvertaken(world.table))
    ledger._pause = pause
    # When
    done = await world.do(DEPOSIT, KEY, ledger=ledger)
    # Then
    assert codes([done]) == [ErrorCode.CONFLICT]
    assert pauses == list(range(1, DECISIONS_MAX))
    assert (await world.account()).version == 1
    again = await world.do(DEPOSIT, KEY)
    assert (again.is_replay, again.account.version) == (False, 2)


async def test_a_command_that_really_is_overtaken_each_time_is_told_so() -> None:
    world = await World().open("100")
    winning = world.another_ledger()

    class Overtaken(FaultyTable):
        async def transact(self, writes: Sequence[Write], *, token: str) -> None:
            await world.do(DEPOSIT, ledger=winning)
            await super().transact(writes, token=token)

    done = await world.do(DEPOSIT, KEY, ledger=world.another_ledger(Overtaken(world.table)))
    assert codes([done]) == [ErrorCode.CONFLICT]
    assert (await world.account()).version == 1 + DECISIONS_MAX


async def test_an_account_whose_journal_is_ahead_of_it_is_told_as_damage() -> None:
    world = await World().open("100")
    first = await world.accounts.entry(ACCOUNT, 1)
    assert first is not None
    ahead = entry_item(replace(first, version=2))
    await world.table.transact([Put(ahead)], token="damage")
    with pytest.raises(DamagedStoreError, match="has entries beyond its version 1"):
        await world.do(DEPOSIT)


Told = Outcome | OutageError | OutcomeUnknownError


@given(
    seed=st.integers(0, 2**32),
    faults=st.sampled_from([0.05, 0.3, 0.7]),
    remembers_tokens=st.booleans(),
    ledgers=st.integers(1, 3),
)
def test_under_any_schedule_of_faults_each_acknowledged_effect_exists_exactly_once(
    seed: int, faults: float, ledgers: int, *, remembers_tokens: bool
) -> None:
    asyncio.run(_trade_under_faults(seed, faults, ledgers, remembers_tokens=remembers_tokens))


async def _trade_under_faults(
    seed: int, faults: float, ledgers: int, *, remembers_tokens: bool
) -> None:
    # Given processes on one table that goes wrong
    clock = World().clock
    engine = MemoryTable(clock.now_s, remembers_tokens=remembers_tokens)
    world = await World(engine).open("100")
    table = FaultyTable(engine, seed, faults=faults, outages=faults / 4, turns_max=3)
    processes = [world.another_ledger(table, seed + i) for i in range(ledgers)]

    async def ask(number: int) -> Told:
        kind = Deposit if number % 2 else Withdraw
        command = kind(Money(1 << number))
        told: Told = OutageError()
        for attempt in range(3):
            try:
                told = await world.do(
                    command, f"key-{number}", ledger=processes[(number + attempt) % ledgers]
                )
            except (OutageError, OutcomeUnknownError) as error:
                told = error
        return told

    # When 8 commands are each sent three times, a power of two of cents each
    told = await asyncio.gather(*map(ask, range(8)))
    await table.settle()
    # Then the cash says which of them happened, each at most once
    entries = [await world.accounts.entry(ACCOUNT, v + 1) for v in range(20)]
    changes = [entry.cash_change.units for entry in entries if entry][1:]
    assert len(changes) == len({abs(change) for change in changes})
    made = {abs(change).bit_length() - 1 for change in changes}
    acknowledged = {i for i, one in enumerate(told) if isinstance(one, Outcome) and one.entry}
    assert acknowledged <= made
    assert (await world.account()).cash.units == 100_00 + sum(changes)
    assert await world.findings() == []
