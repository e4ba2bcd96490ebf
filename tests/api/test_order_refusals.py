"""Market orders that are refused: why, with figures, and without a trace."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.rules import TradingRules
from tests.api.order_text import place, placed
from tests.api.world import CATALOGUE, Session, World, opened

SOON = "2026-03-01T13:00:00Z"


async def refusal(world: World, session: Session, **typed: Any) -> Any:
    """Return the one error of an order that changes nothing."""
    before = world.stored()
    payload = await placed(world, session, **typed)
    assert (payload["order"], payload["transaction"], payload["position"]) == (None, None, None)
    assert payload["account"] is not None
    assert world.stored() == before
    (error,) = payload["errors"]
    return error


async def test_an_order_beyond_the_cash_is_refused_with_figures(world: World) -> None:
    alice = await world.trader("100")
    error = await refusal(world, alice, quantity="0.002000001", assetId="BTC")
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "quantity"])
    error = await refusal(world, alice, quantity="0.00200001")
    assert error == {
        "__typename": "InsufficientFundsError",
        "code": "INSUFFICIENT_FUNDS",
        "message": "$100.01 is needed; $100.00 is available.",
        "path": ["input"],
        "unit": "USD",
        "required": "100.01",
        "available": "100.00",
    }


async def test_a_sale_beyond_the_position_is_refused_with_figures(world: World) -> None:
    alice = await world.trader()
    await world.buy(alice, "BTC", "0.1")
    error = await refusal(world, alice, side="SELL", quantity="0.10000001")
    assert (error["code"], error["unit"]) == ("INSUFFICIENT_FUNDS", "BTC")
    assert (error["required"], error["available"]) == ("0.10000001", "0.1")


async def test_an_order_may_be_worth_so_much_and_no_more(world: World) -> None:
    alice = await world.trader()
    error = await refusal(world, alice, quantity="0.20000001")
    assert (error["__typename"], error["code"]) == ("LimitExceededError", "ORDER_VALUE_EXCEEDED")
    assert (error["limit"], error["unit"], error["resetsAt"]) == ("10000.00", "USD", None)


@pytest.mark.parametrize("asset_id", ["NOPE", "nope"])
async def test_an_unknown_asset_is_not_found(world: World, asset_id: str) -> None:
    alice = await world.trader()
    error = await refusal(world, alice, assetId=asset_id, quantity="1")
    assert (error["code"], error["path"]) == ("ASSET_NOT_FOUND", ["input", "assetId"])


async def test_a_price_that_is_too_old_is_not_traded_on(world: World) -> None:
    alice = await world.trader()
    world.clock.advance(600)
    assert (await placed(world, alice, quantity="0.01"))["errors"] == []
    world.clock.advance(0.001)
    error = await refusal(world, alice, quantity="0.01")
    assert (error["code"], error["path"]) == ("PRICE_STALE", ["input", "assetId"])
    shown = await world.run('{ asset(id: "BTC") { isPriceStale } }')
    assert shown["asset"] == {"isPriceStale": True}


async def test_a_price_that_moved_too_far_is_not_traded_on(world: World) -> None:
    alice = await world.trader()
    await world.tick({"BTC": "51000"})
    wish = {"quantity": "0.01", "expectedPrice": "50000"}
    error = await refusal(world, alice, **wish, maxSlippagePercent="1.9999")
    assert error["code"] == "PRICE_MOVED"
    assert (await placed(world, alice, **wish, maxSlippagePercent="2"))["errors"] == []


async def test_an_asset_that_is_not_tradable_is_refused() -> None:
    async with opened(catalogue=CATALOGUE) as world:
        alice = await world.trader()
        withdraw_from_trade(world, "BTC")
        error = await refusal(world, alice, quantity="0.01")
        assert error["code"] == "ASSET_NOT_TRADABLE"


def withdraw_from_trade(world: World, asset_id: str) -> None:
    """Let an asset's `isTradable` turn false; nothing of this version does."""
    states = world.exchange.services.board._states
    found = next(state for state in states.values() if state.id == asset_id)
    states[found.id] = replace(found, asset=replace(found.asset, is_tradable=False))


async def test_a_stranger_places_nothing(world: World) -> None:
    before = world.stored()
    answer = await place(world, None, quantity="1")
    assert answer.data == {"placeOrder": None}
    assert answer.codes == ["UNAUTHENTICATED"]
    assert world.stored() == before


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, ["quantity"]),
        ({"quantity": "1", "notional": "1"}, ["notional"]),
        ({"quantity": "1", "limitPrice": "1"}, ["limitPrice"]),
        ({"quantity": "1", "triggerPrice": "1"}, ["triggerPrice"]),
        ({"quantity": "1", "timeInForce": "GTC"}, ["timeInForce"]),
        ({"quantity": "1", "expiresAt": "2026-03-02T00:00:00Z"}, ["expiresAt"]),
        ({"quantity": "1", "type": "LIMIT"}, ["limitPrice"]),
        ({"notional": "1", "type": "LIMIT", "limitPrice": "1"}, ["quantity", "notional"]),
        ({"quantity": "1", "type": "STOP_LOSS", "limitPrice": "1"}, ["triggerPrice", "limitPrice"]),
        ({"quantity": "1", "expectedPrice": "1"}, ["maxSlippagePercent"]),
        ({"quantity": "1", "maxSlippagePercent": "1"}, ["expectedPrice"]),
        (
            {"quantity": "1", "expectedPrice": "1", "maxSlippagePercent": "100.1"},
            ["maxSlippagePercent"],
        ),
        ({"quantity": "1", "assetId": "B/C"}, ["assetId"]),
        ({"quantity": "1", "assetId": "USD"}, ["assetId"]),
        ({"quantity": "0", "assetId": ""}, ["assetId", "quantity"]),
        (
            {"notional": "0.01", "assetId": "BTC", "side": "SELL", "quantity": "0"},
            ["quantity", "notional"],
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_fields(
    world: World, typed: dict[str, Any], fields: list[str]
) -> None:
    alice = await world.trader()
    before = world.stored()
    payload = await placed(world, alice, **typed, idempotencyKey="unused")
    assert [error["path"] for error in payload["errors"]] == [["input", name] for name in fields]
    assert {error["code"] for error in payload["errors"]} == {"INVALID_INPUT"}
    assert world.stored() == before


async def test_an_order_that_would_come_to_nothing_is_refused(world: World) -> None:
    alice = await world.trader()
    await world.buy(alice, "DOGE", "1")
    await world.tick({"DOGE": "0.001"})
    error = await refusal(world, alice, assetId="DOGE", side="SELL", quantity="1")
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "quantity"])


async def test_a_stale_price_may_be_allowed_to_be_older() -> None:
    async with opened(rules=TradingRules(price_stale_after=timedelta(hours=1))) as world:
        alice = await world.trader()
        world.clock.advance(3599)
        assert (await placed(world, alice, quantity="0.01"))["errors"] == []


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"limitPrice": "1"}, "limitPrice doesn't belong to a MARKET order; leave it out."),
        ({"type": "LIMIT"}, "A LIMIT order needs limitPrice."),
        ({"type": "TAKE_PROFIT"}, "A TAKE_PROFIT order needs triggerPrice."),
        (
            {"type": "LIMIT", "limitPrice": "1", "timeInForce": "DAY", "expiresAt": SOON},
            "expiresAt doesn't belong to DAY, which ends by itself; leave it out.",
        ),
    ],
)
async def test_what_is_missing_or_out_of_place_is_named_in_words(
    world: World, typed: dict[str, str], message: str
) -> None:
    payload = await placed(world, await world.register(), quantity="1", **typed)
    assert [error["message"] for error in payload["errors"]] == [message]
