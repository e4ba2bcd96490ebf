"""Each kind of damage is found, and named where it lies."""

import asyncio
from dataclasses import replace

import pytest

from domain.audit import Finding, reward_findings
from domain.money import Money, Quantity
from domain.orders import OrderStatus, OrderStatusReason
from tests.domain.damages import ENTRIES, MISSING, ORDERS, RECORDS, STATES, Damage, entry
from tests.domain.history import (
    BUY,
    DEPOSIT,
    OPEN_BUY,
    OPEN_SALE,
    RELEASE,
    REWARD,
    History,
    kept,
    lived,
)
from tests.domain.ledger_world import ACCOUNT, BTC


@pytest.fixture(scope="module")
def kept_once() -> History:
    return asyncio.run(lived())[1]


@pytest.fixture
def history(kept_once: History) -> History:
    return kept_once.copied()


@pytest.mark.parametrize(("damage", "message"), ENTRIES + STATES + ORDERS + RECORDS)
def test_damage_is_found_and_named(history: History, damage: Damage, message: str) -> None:
    # Given
    damage(history)
    # When
    found = history.audited()
    # Then
    assert any(message in str(finding) for finding in found), "\n".join(map(str, found))


@pytest.mark.parametrize(
    "damage",
    [
        entry(BUY, cash_after=Money(1)),
        entry(BUY, quantity_after=Quantity(5)),
        entry(BUY, cost_basis_after=Money(50_00)),
        entry(DEPOSIT, cash_change=Money(1)),
    ],
)
def test_one_damage_is_told_at_its_place_and_where_it_is_contradicted_only(
    history: History, damage: Damage
) -> None:
    damage(history)
    found = history.audited()
    assert 1 <= len({finding.place for finding in found}) <= 2


def test_nothing_is_found_where_nothing_is_wrong(history: History) -> None:
    assert history.audited() == []


async def test_orders_that_a_reset_cancelled_may_be_open_still_or_swept() -> None:
    # Given a second reset that leaves two orders open behind
    world, _ = await lived()
    done = await world.reset()
    world_history = await kept(world)
    assert done.entry is not None
    assert len(done.entry.cancelled_orders) == 2
    assert world_history.audited() == []
    # When one of them is swept
    swept = {
        "status": OrderStatus.CANCELLED,
        "status_reason": OrderStatusReason.ACCOUNT_RESET,
        "held_cash": Money(0),
        "held_quantity": Quantity(0),
        "version": done.entry.version,
    }
    world_history.change_order(OPEN_BUY, **swept)
    # Then
    assert world_history.audited() == []


def test_an_order_that_could_not_be_filled_on_arrival_has_no_entry(history: History) -> None:
    unfillable = replace(
        history.order_of(RELEASE),
        id=MISSING,
        version=99,
        status_reason=OrderStatusReason.UNFILLABLE,
    )
    history.orders.append(unfillable)
    assert history.audited() == []


def test_an_order_that_moved_on_while_it_was_read_is_no_damage(history: History) -> None:
    # Given an account as of before its last entry, and its orders as of after it
    history.account = replace(history.account, version=OPEN_SALE, held=Money(20_00), open_orders=3)
    history.positions[BTC] = replace(history.positions[BTC], version=OPEN_SALE)
    later = history.entries.pop()
    # When
    found = history.audited(later)
    # Then
    assert found == []


@pytest.mark.parametrize(
    ("version", "name", "message"),
    [
        (REWARD, "2026-03-01#RED_POCKET", None),
        (REWARD, "2026-03-02#RED_POCKET", "entry 2 of acc_"),
        (REWARD, "2026-03-01#SURPRISE#00", "paid a RED_POCKET on 2026-03-01"),
        (DEPOSIT, "2026-03-01#RED_POCKET", "is a DEPOSIT"),
        (99, "2026-03-01#RED_POCKET", "its entry 99 of acc_"),
    ],
)
def test_a_used_up_reward_names_the_entry_that_paid_it(
    history: History, version: int, name: str, message: str | None
) -> None:
    made = next((one for one in history.entries if one.version == version), None)
    found = list(reward_findings("place", ACCOUNT, version, name, made))
    assert len(found) == (message is not None)
    assert all(message in finding.message for finding in found if message)


def test_a_finding_says_where_and_what() -> None:
    assert str(Finding("here", "it is broken")) == "here: it is broken"
