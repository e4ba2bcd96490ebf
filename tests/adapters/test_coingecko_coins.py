"""CoinGecko's coins are read to the last digit, and what can't be one is left out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.coingecko_coins import CoinList, coins_in
from domain.assets import PriceExtreme
from domain.ids import AssetId
from domain.market_figures import MarketFigures
from domain.money import Money, Percent, Price, Quantity
from domain.ports.markets import MarketSourceError
from tests.adapters.coingecko_world import BITCOIN, NOW, RECORDED, coin


def read(*coins: Any, owners: dict[AssetId, str] | None = None) -> CoinList:
    return coins_in(json.dumps(coins).encode(), now=NOW, owners=owners or {})


def figures(**changes: Any) -> MarketFigures:
    (found,) = read(coin(**changes)).coins
    return found.figures


def example() -> bytes:
    """Return the example of CoinGecko's own API description, or the same coin from here."""
    path = RECORDED / "openapi-demo-api.json"
    if not path.exists():
        return f"[{BITCOIN}]".encode()
    operation = json.loads(path.read_bytes())["paths"]["/coins/markets"]["get"]
    content = operation["responses"]["200"]["content"]["application/json"]
    return json.dumps(content["example"]).encode()


def recorded_pages() -> list[list[Any]]:
    """Return recorded lists of coins, or a small one of the same shape."""
    pages = RECORDED / "markets-pages" / "usd-2022-01-11-pages2-4-per5.json"
    if not pages.exists():
        return [[coin("btc"), coin("XRP", 0.76)]]
    exchanges = json.loads(
        (RECORDED / "recorded-2021-05" / "market_data_for_a_coin.json").read_bytes()
    )
    return [
        *json.loads(pages.read_bytes()).values(),
        *(one["body"] for one in exchanges if one["status"] == 200),
    ]


def test_every_figure_of_coingeckos_own_example_is_read_exactly() -> None:
    found = coins_in(example(), now=NOW, owners={})

    (bitcoin,) = found.coins
    assert found.skipped == 0
    assert bitcoin.move.asset_id == "BTC"
    assert bitcoin.move.price == Price.of(77671)
    assert bitcoin.move.at == datetime(2026, 5, 18, 12, 49, 21, 599000, UTC)
    assert bitcoin.figures == MarketFigures(
        source_id="bitcoin",
        symbol="BTC",
        name="Bitcoin",
        image_url="https://coin-images.coingecko.com/coins/images/1/large/bitcoin.png?1696501400",
        market_cap=Money.of(1555886872303),
        volume_24h=Money.of(33235034316),
        high_24h=Price.of(78419),
        low_24h=Price.of(76696),
        price_change_24h=Price.of("-747.336034728170"),
        price_change_percent_24h=Percent.of("-0.9530"),
        price_change_percent_7d=Percent.of("-4.0423"),
        price_change_percent_30d=Percent.of("1.9454"),
        circulating_supply=Quantity.of(20030493),
        total_supply=Quantity.of(20030843),
        max_supply=Quantity.of(21000000),
        all_time_high=PriceExtreme(
            price=Price.of(126080), at=datetime(2025, 10, 6, 18, 57, 42, 558000, UTC)
        ),
        all_time_low=PriceExtreme(price=Price.of("67.81"), at=datetime(2013, 7, 6, tzinfo=UTC)),
    )


def test_every_recorded_coin_is_read() -> None:
    for page in recorded_pages():
        found = read(*page)
        assert found.skipped == 0
        listed = {one["symbol"].upper(): str(one["current_price"]) for one in page}
        assert {str(c.asset_id): c.move.price for c in found.coins} == {
            ticker: Price.of(price) for ticker, price in listed.items()
        }
        assert all(c.figures.market_cap and c.figures.all_time_high for c in found.coins)


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("1.2e-07", "0.00000012"),
        ("0.1", "0.1"),
        ("1E+3", "1000"),
        ("93507.85874741491", "93507.85874741491"),
        ("0.8442610184323533", "0.844261018432"),
    ],
)
def test_a_price_is_never_a_float(text: str, dollars: str) -> None:
    body = json.dumps([coin(price="here")]).replace('"here"', text)

    (found,) = coins_in(body.encode(), now=NOW, owners={}).coins

    assert found.move.price == Price.of(dollars)


@pytest.mark.parametrize(
    "left_out",
    [
        coin("usd"),
        coin("elevenchars"),
        coin("b$"),
        coin("bt\u0441"),
        coin(price=None),
        coin(price=0),
        coin(price=-1),
        coin(price="100"),
        coin(price=1e-30),
        coin(price=1e30),
        coin(name=None),
        {"id": "bitcoin"},
        "bitcoin",
        None,
    ],
)
def test_what_cannot_be_an_asset_is_left_out_and_counted(left_out: Any) -> None:
    found = read(left_out, coin("eth"))

    assert [c.asset_id for c in found.coins] == ["ETH"]
    assert found.skipped == 1


def test_a_ticker_that_coins_share_goes_to_the_largest() -> None:
    found = read(
        coin("abc", 1, id="small", market_cap=10),
        coin("ABC", 2, id="large", market_cap=20),
        coin("Abc", 3, id="unknown", market_cap=None),
    )

    (chosen,) = found.coins
    assert chosen.figures.source_id == "large"
    assert found.skipped == 2


def test_a_ticker_stays_with_the_coin_that_has_it() -> None:
    listed = [coin("abc", 1, id="first", market_cap=10), coin("abc", 2, id="new", market_cap=20)]
    owners = {AssetId("ABC"): "first"}

    (chosen,) = read(*listed, owners=owners).coins
    assert chosen.figures.source_id == "first"
    alone = read(listed[1], coin("eth"), owners=owners)
    assert [c.asset_id for c in alone.coins] == ["ETH"]


def test_figures_that_are_not_known_are_none() -> None:
    found = figures(
        market_cap=None,
        total_volume=0,
        high_24h="high",
        low_24h=1e300,
        max_supply=None,
        ath_date="yesterday",
        atl=None,
        image="missing_large.png",
    )

    assert found.market_cap is None
    assert found.volume_24h is None
    assert found.high_24h is None
    assert found.low_24h is None
    assert found.max_supply is None
    assert found.all_time_high is None
    assert found.all_time_low is None
    assert found.image_url is None


def test_the_change_of_a_day_is_taken_from_either_field() -> None:
    found = figures(price_change_percentage_24h_in_currency=None)

    assert found.price_change_percent_24h == Percent.of("-0.953")


def test_a_name_is_one_short_line() -> None:
    assert figures(name="Bit\n\n\u0007coin \u202e!").name == "Bit coin !"
    assert figures(name="x" * 999).name == "x" * 100
    assert figures(name=" ").name == "BTC"


@pytest.mark.parametrize("address", ["javascript:x", "http://x/y.png", "https://x/" + "y" * 500])
def test_only_a_plain_https_address_is_a_picture(address: str) -> None:
    assert figures(image=address).image_url is None


@pytest.mark.parametrize("told", [None, "2099-01-01T00:00:00Z", "2026-05-18T12:00:00", 7])
def test_a_price_without_a_time_of_its_own_is_of_the_answer(told: object) -> None:
    (found,) = read(coin(last_updated=told)).coins

    assert found.at == NOW


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"{}", b"[]", b"[NaN]", b"[1]", b"[" * 100_000, b"[" + b"1," * 250 + b"1]"],
)
def test_an_answer_without_coins_is_no_answer(body: bytes) -> None:
    with pytest.raises(MarketSourceError):
        coins_in(body, now=NOW, owners={})
