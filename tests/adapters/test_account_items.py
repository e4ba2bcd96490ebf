"""What is written as an item reads back as the same, and what isn't like that is told."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from adapters.account_items import (
    account_item,
    account_of,
    order_item,
    order_of,
    position_item,
    position_of,
    record_item,
    record_of,
)
from adapters.fields import Fields, StoredWronglyError
from adapters.item_codec import decode_attributes, encode_attributes
from adapters.journal_items import entry_item, entry_of
from adapters.table import Item, Put, Value
from adapters.table_limits import check_transaction
from domain.accounts import Account, Position
from domain.idempotency import KeyRecord
from domain.journal import Entry
from domain.money import Money
from domain.orders import Order
from tests.domain import strategies as some
from tests.domain.ledger_world import ACCOUNT


def stored(item: Item) -> Item:
    """Return an item as an engine gives it back."""
    check_transaction([Put(item)], "token")
    return replace(item, attributes=decode_attributes(encode_attributes(item.attributes)))


@given(some.accounts())
def test_an_account_reads_back(account: Account) -> None:
    assert account_of(stored(account_item(account))) == account


@given(some.positions())
def test_a_position_reads_back(position: Position) -> None:
    assert position_of(stored(position_item(position))) == position


@given(some.orders)
def test_an_order_reads_back(order: Order) -> None:
    assert order_of(stored(order_item(order))) == order


@given(some.entries())
def test_an_entry_reads_back_word_for_word(entry: Entry) -> None:
    assert entry_of(stored(entry_item(entry))) == entry


@given(some.records)
def test_what_a_key_was_used_for_reads_back(record: KeyRecord) -> None:
    assert record_of(stored(record_item(ACCOUNT, record))) == record


def fields(**values: Value) -> Fields:
    return Fields(values, "ACCOUNT#1/STATE")


READERS: dict[str, tuple[Callable[[Fields], object], Value, str]] = {
    "text": (lambda given: given.text("it"), 5, "a text"),
    "text or none": (lambda given: given.text_or_none("it"), 5, "a text"),
    "whole": (lambda given: given.whole("it"), True, "a whole number"),
    "whole or none": (lambda given: given.whole_or_none("it"), "5", "a whole number"),
    "flag": (lambda given: given.flag_or_none("it"), 1, "a truth value"),
    "amount": (lambda given: given.amount_or_none(Money, "it"), "1", "a whole number"),
    "instant": (lambda given: given.instant_or_none("it"), "1", "a whole number"),
    "nested": (lambda given: given.nested("it"), [], "a map"),
    "list": (lambda given: given.texts("it"), "text", "a list"),
    "texts": (lambda given: given.texts("it"), ["a", 5], "a list of texts"),
    "maps": (lambda given: given.all_nested("it"), [5], "a list of maps"),
}


@pytest.mark.parametrize("kind", READERS)
def test_an_attribute_of_another_kind_is_told_by_its_place_and_name(kind: str) -> None:
    read, value, wanted = READERS[kind]
    with pytest.raises(StoredWronglyError, match=f"^ACCOUNT#1/STATE: it should be {wanted}$"):
        read(fields(it=value))


def test_what_may_be_missing_reads_as_none_or_empty() -> None:
    given = fields(it=None)
    assert given.text_or_none("it") is None
    assert given.whole_or_none("it") is None
    assert given.flag_or_none("it") is None
    assert given.amount_or_none(Money, "it") is None
    assert given.instant_or_none("it") is None
    assert given.nested("it") is None
    assert given.texts("it") == ()
    assert given.all_nested("it") == []


def test_what_is_missing_within_a_map_is_told_with_its_path() -> None:
    nested = fields(fill={}).nested("fill")
    assert nested is not None
    with pytest.raises(StoredWronglyError, match=r"STATE\.fill: price should be a whole number"):
        nested.whole("price")
