"""CoinGecko's charts are read exactly, in calls that the prices can spare, whatever it answers."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.coingecko import RESERVED_CALLS, CoinGeckoAccess, CoinGeckoOutageError
from adapters.coingecko_charts import POINTS_MAX, CoinGeckoCharts, points_in
from domain.candles import Candle
from domain.charts import LAST_DAY, LAST_QUARTER, PricePoint, candles_of
from domain.circuit_breaker import FAILURES_MAX, CircuitState
from domain.money import Price, nearest
from domain.ports.candles import NoChartError
from domain.ports.markets import MarketSourceError
from tests.adapters.coingecko_world import ERRORS, NOW, RECORDED_AT, Exchange, coin, recorded_chart

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def chart(*pairs: object) -> str:
    return json.dumps({"prices": pairs, "market_caps": [], "total_volumes": []})


def charts_of(exchange: Exchange) -> CoinGeckoCharts:
    return CoinGeckoCharts(exchange.client, sleep=exchange.clock.sleep)


async def test_a_recorded_day_makes_the_hours_that_it_covers() -> None:
    exchange = Exchange()
    body = recorded_chart("minutely")
    exchange.says(body)

    points = await charts_of(exchange).points("bitcoin", LAST_DAY)

    assert len(points) == 288
    found = candles_of(points, LAST_DAY, now=RECORDED_AT)
    first = datetime(2021, 5, 14, 15, tzinfo=UTC)
    assert [one.start for one in found] == [first + number * HOUR for number in range(23)]
    first_ms = int(first.timestamp() * 1000)
    prices = [
        nearest(Price, price)
        for at_ms, price in json.loads(body, parse_float=Decimal)["prices"]
        if first_ms <= at_ms < first_ms + 3_600_000
    ]
    assert len(prices) == 12
    highest, lowest = max(prices), min(prices)
    assert found[0] == Candle(
        first, prices[0], highest, lowest, prices[-1], volume=None, is_backfilled=True
    )


async def test_recorded_hours_make_days() -> None:
    exchange = Exchange()
    exchange.says(recorded_chart("hourly"))

    points = await charts_of(exchange).points("bitcoin", LAST_QUARTER)

    found = candles_of(points, LAST_QUARTER, now=RECORDED_AT)
    first = datetime(2021, 4, 16, tzinfo=UTC)
    assert [one.start for one in found] == [first + number * DAY for number in range(29)]
    assert all(one.volume is None for one in found)


def test_recorded_days_make_nothing() -> None:
    points = points_in(recorded_chart("daily"))

    assert len(points) == 91
    assert candles_of(points, LAST_QUARTER, now=RECORDED_AT) == ()


async def test_a_chart_is_one_call() -> None:
    exchange = Exchange()
    for kind, days in ((LAST_DAY, "1"), (LAST_QUARTER, "90")):
        exchange.says(chart([1, 2]))
        await charts_of(exchange).points("a/b?", kind)

        sent = exchange.requests[-1]
        assert sent.url.raw_path.startswith(b"/api/v3/coins/a%2Fb%3F/market_chart?")
        assert dict(sent.url.params) == {"vs_currency": "usd", "days": days, "precision": "full"}


async def test_digits_are_not_lost_and_what_is_no_point_is_left_out() -> None:
    body = (
        '{"prices": [[1621003519770, 50675.258073370765], [1621003519771, 0.000012345678],'
        ' [1621003519772, null], [1621003519773, 0], [1621003519774, -1], [null, 5], [7], 7, "x",'
        " [-1, 5], [1e999999, 5], [1621003519775, 1e999999], [1621003519776, 5, 6]]}"
    )

    assert points_in(body.encode()) == (
        PricePoint(datetime(2021, 5, 14, 14, 45, 19, 770000, UTC), Price.of("50675.258073370765")),
        PricePoint(datetime(2021, 5, 14, 14, 45, 19, 771000, UTC), Price.of("0.000012345678")),
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        '{"prices": null}',
        '{"prices": {}}',
        '{"prices": [[1, NaN]]}',
        json.dumps({"prices": [[1, 2]] * (POINTS_MAX + 1)}),
    ],
)
async def test_an_answer_that_is_no_chart_is_told(body: str) -> None:
    exchange = Exchange()
    exchange.says(body)

    with pytest.raises(NoChartError):
        await charts_of(exchange).points("bitcoin", LAST_DAY)

    assert exchange.breaker.state is CircuitState.CLOSED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.binary() | JSON.map(lambda found: json.dumps({"prices": [found, [1, found]]}).encode()))
def test_no_answer_breaks_the_reading(body: bytes) -> None:
    try:
        points = points_in(body)
    except MarketSourceError:
        return
    assert all(point.price.units > 0 for point in points)


@pytest.mark.parametrize(("status", "body", "told"), ERRORS)
async def test_errors_of_every_shape_are_told(status: int, body: str, told: str) -> None:
    exchange = Exchange()
    exchange.says(body, status)
    is_questions_own = status in {400, 404} or "10012" in body

    with pytest.raises(NoChartError if is_questions_own else CoinGeckoOutageError, match=told):
        await charts_of(exchange).points("bitcoin", LAST_DAY)


async def test_a_range_beyond_the_plan_leaves_the_circuit_closed_and_a_wrong_key_does_not() -> None:
    exchange = Exchange()
    range_told = next(body for status, body, _ in ERRORS if status == 401)
    for _ in range(FAILURES_MAX):
        exchange.says(range_told, 401)
        with pytest.raises(NoChartError):
            await charts_of(exchange).points("bitcoin", LAST_QUARTER)
    assert exchange.breaker.state is CircuitState.CLOSED

    for body in (b"", b'{"status": {"error_code": [1]}}', b'{"status": {"error_code": 10002}}'):
        exchange.says(body, 401)
        with pytest.raises(CoinGeckoOutageError):
            await charts_of(exchange).points("bitcoin", LAST_QUARTER)


async def test_an_outage_is_told_and_an_open_circuit_asks_nothing() -> None:
    exchange = Exchange()
    for _ in range(FAILURES_MAX):
        exchange.fails(httpx.ConnectError("refused"))
        with pytest.raises(CoinGeckoOutageError):
            await charts_of(exchange).points("bitcoin", LAST_DAY)
    asked = len(exchange.requests)

    with pytest.raises(CoinGeckoOutageError):
        await charts_of(exchange).points("bitcoin", LAST_DAY)

    assert len(exchange.requests) == asked


async def test_too_many_requests_are_waited_for_as_long_as_is_told() -> None:
    exchange = Exchange()
    exchange.says(ERRORS[0][1], 429, retry_after="70")
    exchange.says(chart([1, 2]))

    with pytest.raises(CoinGeckoOutageError):
        await charts_of(exchange).points("bitcoin", LAST_DAY)
    await charts_of(exchange).points("bitcoin", LAST_DAY)

    assert exchange.asked_at == [NOW, NOW + timedelta(seconds=70)]


async def test_charts_leave_calls_for_the_prices() -> None:
    exchange = Exchange(access=CoinGeckoAccess(calls_per_minute=10))
    charts = charts_of(exchange)
    for _ in range(20):
        exchange.says(chart([1, 2]))
        await charts.points("bitcoin", LAST_DAY)

    first = [at for at in exchange.asked_at if at < NOW + timedelta(minutes=1)]
    assert len(first) == 10 - RESERVED_CALLS
    exchange.lists(coin())
    asked_at = exchange.clock.at
    await exchange.market.next_report()
    assert exchange.asked_at[-1] == asked_at
