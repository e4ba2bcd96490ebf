"""Whatever fails, and whoever is overtaken or killed: what was acknowledged is there, once."""

import os
from collections import defaultdict
from decimal import Decimal

import pytest

from adapters.account_store import AccountTable
from domain.journal import Entry
from domain.pages import EntryFilter, Stretch
from tests.domain.ledger_model import Held, Model
from tests.domain.ledger_world import NOW, findings_of
from tests.domain.simulated_people import ACCOUNTS, Asked, account_id
from tests.domain.simulation import FEE, Answer, Simulation, Told

COMMANDS = 10_000
RUNS = ((1, COMMANDS), (2, 3_000))
"""Seeds and commands: on a table that remembers tokens, and on one that doesn't."""

SEED_VARIABLE = "SIMULATION_SEED"
"""Repeats the run of a seed, or tries another."""

EVERYTHING, PAGE = EntryFilter(), 500


def runs() -> tuple[tuple[int, int], ...]:
    wanted = os.environ.get(SEED_VARIABLE)
    return ((int(wanted), COMMANDS),) if wanted else RUNS


@pytest.mark.parametrize(("seed", "commands"), runs())
async def test_what_was_acknowledged_is_there_exactly_once(seed: int, commands: int) -> None:
    world = Simulation(seed, commands)
    try:
        await world.run()
        entries = await journal(world)
        check_answers(world, entries)
        await check_sums(world, entries)
        assert await findings_of(world.engine) == []
        assert world.kills > 0
    except BaseException as failure:
        failure.add_note(f"{SEED_VARIABLE}={seed} repeats this run")
        raise


async def test_the_same_seed_brings_the_same_journal() -> None:
    once, again, other = (Simulation(seed, 500) for seed in (7, 7, 8))
    for world in (once, again, other):
        await world.run()
    assert await journal(once) == await journal(again) != await journal(other)
    assert [told.answer for told in once.told] == [told.answer for told in again.told]


async def journal(world: Simulation) -> list[Entry]:
    """Return all entries of all accounts, each account's in the order of its versions."""
    store = AccountTable(world.engine)
    entries: list[Entry] = []
    for number in range(ACCOUNTS):
        after, has_more = 0, True
        while has_more:
            stretch = Stretch(limit=PAGE, after=after, is_ascending=True)
            page = await store.entries(account_id(number), EVERYTHING, stretch)
            entries += page.items
            after, has_more = page.end or after, page.has_more
    return entries


def check_answers(world: Simulation, entries: list[Entry]) -> None:
    """Hold what everybody was told against the journal."""
    made: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        made[command_number(entry)].append(entry)
    assert all(len(of_one) == 1 for of_one in made.values())
    senders = {entry.command_id.partition("/")[0] for entry in entries}
    told: dict[int, list[Told]] = defaultdict(list)
    for one in world.told:
        told[one.asked.number].append(one)
        if one.answer in {Answer.NOTHING, Answer.REFUSED}:
            assert one.name not in senders
    for number, answers in told.items():
        check_command(answers, made.get(number, []))
    assert {one.answer for one in world.told} == set(Answer)


def check_command(answers: list[Told], made: list[Entry]) -> None:
    """Check that everybody who sent a command heard the same, and that it is so."""
    done = [one.outcome.entry for one in answers if one.answer is Answer.DONE and one.outcome]
    refused = [one.outcome.errors for one in answers if one.outcome and one.outcome.errors]
    assert all(entry == made[0] for entry in done)
    assert all(errors == refused[0] for errors in refused)
    assert not (made and refused)
    assert made or not done
    assert not made or done or any(one.answer is Answer.UNKNOWN for one in answers)


async def check_sums(world: Simulation, entries: list[Entry]) -> None:
    """Do again, in a naive exchange, what the journal names; everybody must have as much."""
    asked: dict[int, Asked] = {one.asked.number: one.asked for one in world.told}
    models = {account_id(number): Model(NOW, Decimal(FEE)) for number in range(ACCOUNTS)}
    for entry in entries:
        model, price = models[entry.account_id], entry.quote.price if entry.quote else 0
        model.now = entry.at
        asked[command_number(entry)].naive(model, Decimal(str(price)))
    store = AccountTable(world.engine)
    for account, model in models.items():
        holdings = await store.holdings(account)
        assert Decimal(str(holdings.account.cash)) == model.cash
        assert holdings.account.version == model.version
        assert {
            held.asset_id: (Decimal(str(held.quantity)), Decimal(str(held.cost_basis)))
            for held in holdings.positions
        } == {asset: parts(held) for asset, held in model.held.items()}


def parts(held: Held) -> tuple[Decimal, Decimal]:
    return held.quantity, held.basis


def command_number(entry: Entry) -> int:
    return int(entry.command_id.partition(".")[0])
