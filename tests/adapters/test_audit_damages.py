"""Each kind of damage to what is stored is found, and named where it lies."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.account_items import account_item, account_key, order_key, position_key, record_key
from adapters.identity_items import (
    claim_item,
    email_claim_key,
    user_account_item,
    user_key,
    username_claim_key,
)
from adapters.journal_items import entry_key
from adapters.table import Delete, Item, Key, Put, Table, Value
from domain.accounts import opened
from domain.ids import AccountId, IdempotencyKey, OrderId, UserId
from domain.instants import ms_of
from tests.domain.history import BUY, DEPOSIT, OPEN_BUY, RELEASE, lived
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, NOW, USER

Damage = Callable[[Table], Awaitable[None]]
OTHER_USER = UserId("usr_00000000000000000000000002")
OTHER_ACCOUNT = AccountId("acc_00000000000000000000000002")
ORDER = OrderId(f"ord_{2:026}")
BUY_KEY = IdempotencyKey("buy")
REWARD = Key(f"USER#{USER}", "REWARD#2026-03-01#RED_POCKET")
PLACE = Key("BOOK#BTC#DOWN", f"{10**12:024}#{ORDER}")
END = Key("EXPIRY#2026-03-02T12", f"{ms_of(NOW + timedelta(days=1)):015}#{ORDER}")
NAME, EMAIL = username_claim_key("alice_01"), email_claim_key("alice@example.com")


async def put(table: Table, item: Item) -> None:
    await table.transact([Put(item)], token=uuid.uuid4().hex)


def lost(key: Key) -> Damage:
    """Delete an item."""

    async def damage(table: Table) -> None:
        await table.transact([Delete(key)], token="damage")

    return damage


def changed(key: Key, **attributes: Value) -> Damage:
    """Set attributes of an item, whatever they were."""
    return rewritten(key, lambda item: replace(item, attributes={**item.attributes, **attributes}))


def rewritten(key: Key, change: Callable[[Item], Item]) -> Damage:
    """Write an item anew, changed."""

    async def damage(table: Table) -> None:
        item = await table.get(key)
        assert item is not None
        await put(table, change(item))

    return damage


def added(item: Item) -> Damage:
    """Put an item that doesn't belong there."""
    return lambda table: put(table, item)


def copied(key: Key, to: Key) -> Damage:
    """Put a copy of an item at another place."""
    return lambda table: _copy(table, key, to)


async def _copy(table: Table, key: Key, to: Key) -> None:
    item = await table.get(key)
    assert item is not None
    await put(table, replace(item, key=to))


def unbalanced(item: Item) -> Item:
    legs = item.attributes["legs"]
    assert isinstance(legs, list)
    return replace(item, attributes={**item.attributes, "legs": [*legs, legs[0]]})


entry3 = entry_key(ACCOUNT, BUY)
DAMAGES: list[tuple[Damage, str]] = [
    (lost(account_key(ACCOUNT)), f"{ACCOUNT}: its state is missing"),
    (changed(account_key(ACCOUNT), cash="much"), "STATE: it can't be read: ACCOUNT#acc_"),
    (changed(account_key(ACCOUNT), cash=-1), "STATE: it can't be read: held"),
    (changed(account_key(ACCOUNT), cash=10**30), "STATE: it can't be read: must lie between"),
    (changed(account_key(ACCOUNT), created_at=10**30), "STATE: it can't be read"),
    (changed(account_key(ACCOUNT), cash=1000_00), "cash is 1000.00, where 389.89 follows"),
    (
        changed(account_key(ACCOUNT), version=12),
        "entry 13: it lies beyond the account's version, 12",
    ),
    (changed(account_key(ACCOUNT), version=0), "entry 13: it lies beyond the account's version, 0"),
    (changed(account_key(ACCOUNT), id=OTHER_ACCOUNT), f"should lie at ACCOUNT#{OTHER_ACCOUNT}"),
    (changed(account_key(ACCOUNT), extra=1), "STATE: it is not written or indexed as it should"),
    (lost(position_key(ACCOUNT, ETH)), "position ETH: it is missing"),
    (changed(position_key(ACCOUNT, BTC), quantity=5), "STATE#BTC: it can't be read"),
    (changed(position_key(ACCOUNT, BTC), cost_basis=5), "position BTC: cost_basis is 0.05"),
    (changed(position_key(ACCOUNT, BTC), version=99), "position BTC: version is 99"),
    (
        copied(position_key(ACCOUNT, BTC), position_key(ACCOUNT, ETH)),
        "STATE#ETH: it is what should",
    ),
    (lost(entry3), "entry 4: versions 3 to 3 are missing"),
    (lost(entry_key(ACCOUNT, RELEASE)), "its version is 13, the journal's 12"),
    (rewritten(entry3, unbalanced), "it can't be read: legs of version 3 don't sum to zero"),
    (changed(entry3, kind="GIFT"), "JOURNAL#000000000003: it can't be read: 'GIFT'"),
    (changed(entry3, cash_after=1), "entry 3: cash after is 1 smallest units"),
    (
        rewritten(entry3, lambda item: replace(item, index_1=None)),
        "003: it is not written or index",
    ),
    (rewritten(entry3, lambda item: replace(item, index_2="x")), "003: it is not written or index"),
    (copied(entry3, entry_key(ACCOUNT, 99)), "000000000099: it is what should lie at ACCOUNT#acc_"),
    (added(Item(entry_key(ACCOUNT, 99), {})), "JOURNAL#000000000099: it can't be read"),
    (copied(entry3, entry_key(ACCOUNT, 4)), "000000000004: it is what should lie at ACCOUNT#acc_"),
    (lost(order_key(ACCOUNT, ORDER)), f"entry {OPEN_BUY}: its order {ORDER} is missing"),
    (changed(order_key(ACCOUNT, ORDER), status="LOST"), f"{ORDER}: it can't be read: 'LOST'"),
    (changed(order_key(ACCOUNT, ORDER), held_cash=5), f"order {ORDER}: it is OPEN, holding $0.05"),
    (
        rewritten(order_key(ACCOUNT, ORDER), lambda item: replace(item, index_2="ORDER#FILLED#x")),
        f"ORDER#{ORDER}: it is not written or indexed as it should be",
    ),
    (changed(record_key(ACCOUNT, BUY_KEY), version=99), "key buy: its entry 99 is missing"),
    (changed(record_key(ACCOUNT, BUY_KEY), version=DEPOSIT), "another key made its entry 1 too"),
    (
        rewritten(record_key(ACCOUNT, BUY_KEY), lambda item: replace(item, expires_at_s=None)),
        "KEY#buy: it is not written or indexed as it should be",
    ),
    (lost(user_key(USER)), f"{USER}: it owns {ACCOUNT}, and is missing"),
    (changed(user_key(USER), version="x"), f"USER#{USER}/PROFILE: it can't be read"),
    (changed(user_key(USER), id=OTHER_USER), f"{USER}: its record is that of {OTHER_USER}"),
    (lost(NAME), f"{USER}: the claim on its username is missing"),
    (lost(EMAIL), f"{USER}: the claim on its e-mail address is missing"),
    (added(claim_item(EMAIL, OTHER_USER)), "the claim on its e-mail address is not its own"),
    (added(claim_item(EMAIL, OTHER_USER)), f"{OTHER_USER}: a claim EMAIL# names it"),
    (added(claim_item(username_claim_key("bob"), USER)), f"{USER}: a claim USERNAME# names it"),
    (changed(NAME, user_id=5), "USERNAME#alice_01/CLAIM: it can't be read"),
    (lost(user_account_item(USER, ACCOUNT).key), f"{USER}: it has no account"),
    (lost(user_account_item(USER, ACCOUNT).key), f"{ACCOUNT}: it belongs to no user"),
    (changed(user_account_item(USER, ACCOUNT).key, account_id=5), "it can't be read: USER#"),
    (changed(user_account_item(USER, ACCOUNT).key, account_id=OTHER_ACCOUNT), "it names acc_"),
    (added(user_account_item(USER, OTHER_ACCOUNT)), f"its account {OTHER_ACCOUNT} is missing"),
    (added(user_account_item(OTHER_USER, ACCOUNT)), f"belongs to {USER} and to {OTHER_USER}"),
    (added(account_item(opened(OTHER_ACCOUNT, NOW))), f"{OTHER_ACCOUNT}: it belongs to no user"),
    (lost(REWARD), f"{ACCOUNT}: +1 rewards paid beyond those that users claimed"),
    (changed(REWARD, version=99), f"{USER} reward 2026-03-01#RED_POCKET: its entry 99"),
    (changed(REWARD, version=DEPOSIT), "entry 1 of acc_00000000000000000000000001 is a DEPOSIT"),
    (changed(REWARD, version="x"), "RED_POCKET: it can't be read"),
    (copied(REWARD, replace(REWARD, sk="REWARD#2026-03-01#RED_POCKET#2")), "-1 rewards paid"),
    (lost(PLACE), f"order {ORDER}: it is open and is missing from the book"),
    (lost(END), f"order {ORDER}: it is open and is missing from the list of ends"),
    (changed(PLACE, level=5), f"order {ORDER}: it is open and stands wrongly in the book"),
    (changed(PLACE, order=5), f"{PLACE.pk}/{PLACE.sk}: it can't be read"),
    (changed(END, account=5), f"{END.pk}/{END.sk}: it can't be read"),
    (changed(PLACE, order=f"ord_{9:026}"), "is missing, or rests elsewhere"),
    (changed(order_key(ACCOUNT, ORDER), status="CANCELLED"), f"its order {ORDER} is CANCELLED, or"),
    (changed(order_key(ACCOUNT, ORDER), status="LOST"), f"its order {ORDER} is missing, or rests"),
    (changed(order_key(ACCOUNT, ORDER), ends_at=5), f"its order {ORDER} is OPEN, or rests"),
    (copied(PLACE, replace(PLACE, sk=f"{7:024}#{ORDER}")), "is OPEN, or rests elsewhere"),
    (changed(order_key(ACCOUNT, ORDER), limit_price=None), "it has no place in the book"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
async def test_damage_is_found_and_named(damage: Damage, message: str) -> None:
    # Given
    world, _ = await lived()
    await damage(world.table)
    # When
    found = [str(finding) for finding in await world.findings()]
    # Then
    assert any(message in finding for finding in found), "\n".join(found)
