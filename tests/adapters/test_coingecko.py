"""Calls to CoinGecko: what is sent, what fails, and how often it may be asked."""

import json

import httpx
import pytest

from adapters.coingecko import (
    ANSWER_BYTES_MAX,
    DEMO_URL,
    PRO_URL,
    RESERVED_CALLS,
    WAIT_MAX,
    CoinGeckoAccess,
    CoinGeckoOutageError,
    CoinGeckoSettingsError,
    told_in,
    wait_of,
)
from domain.circuit_breaker import FAILURES_MAX, CircuitState
from domain.ports.markets import MarketSourceError
from tests.adapters.coingecko_world import ERRORS, KEY, NOW, RECORDED, Exchange


def recorded_errors() -> list[tuple[int, bytes]]:
    path = RECORDED / "errors.json"
    if not path.exists():
        return [(status, body.encode()) for status, body, _ in ERRORS]
    return [
        (one["http_status"], json.dumps(one["body"]).encode())
        for one in json.loads(path.read_bytes())
    ]


async def refusal(exchange: Exchange) -> MarketSourceError:
    with pytest.raises(MarketSourceError) as refused:
        await exchange.client.get("ping")
    return refused.value


@pytest.mark.parametrize(
    ("access", "header"),
    [
        (CoinGeckoAccess(api_key=KEY), "x-cg-demo-api-key"),
        (CoinGeckoAccess(url=PRO_URL, api_key=KEY, is_pro=True), "x-cg-pro-api-key"),
    ],
)
async def test_the_key_is_sent_in_the_header_of_its_plan(
    access: CoinGeckoAccess, header: str
) -> None:
    exchange = Exchange(access=access)
    exchange.says("{}")

    assert await exchange.client.get("ping", x="1") == b"{}"

    (sent,) = exchange.requests
    assert str(sent.url) == f"{access.url}/ping?x=1"
    assert [name for name in sent.headers if name.startswith("x-cg")] == [header]
    assert sent.headers[header] == KEY
    assert KEY not in repr(access)
    await exchange.client.close()


async def test_without_a_key_none_is_sent() -> None:
    exchange = Exchange()
    exchange.says("{}")

    await exchange.client.get("ping")

    assert not any(name.startswith("x-cg") for name in exchange.requests[0].headers)
    assert str(exchange.requests[0].url) == f"{DEMO_URL}/ping"


@pytest.mark.parametrize(("status", "body", "told"), ERRORS)
async def test_each_shape_of_an_error_is_read(status: int, body: str, told: str) -> None:
    exchange = Exchange()
    exchange.says(body, status)

    assert str(await refusal(exchange)) == f"it answered {status}: {told}"


def test_every_recorded_error_says_something() -> None:
    for _, body in recorded_errors():
        assert told_in(body) not in {"no JSON", "no error message"}


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"<html>", "no JSON"), (b'{"error": 5}', "no error message"), (b"[]", "no error message")],
)
def test_an_error_of_another_shape_is_no_riddle(body: bytes, told: str) -> None:
    assert told_in(body) == told


def test_an_errors_text_is_one_short_line() -> None:
    assert told_in(json.dumps({"error": "a\nb" + "c" * 999}).encode()) == "a b" + "c" * 197


@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectTimeout("slow"), httpx.ReadError("reset"), httpx.ConnectError(f"refused {KEY}")],
)
async def test_a_failing_connection_is_translated_without_the_key(failure: Exception) -> None:
    exchange = Exchange(access=CoinGeckoAccess(api_key=KEY))
    exchange.fails(failure)

    refused = await refusal(exchange)

    assert isinstance(refused, CoinGeckoOutageError)
    assert type(failure).__name__ in str(refused)
    assert KEY not in str(refused)
    assert refused.__cause__ is None


async def test_an_endless_answer_is_given_up() -> None:
    exchange = Exchange()
    exchange.says(b" " * (ANSWER_BYTES_MAX + 1))

    assert "bytes" in str(await refusal(exchange))


async def test_a_redirect_is_not_followed() -> None:
    exchange = Exchange(access=CoinGeckoAccess(api_key=KEY))
    exchange.says("", 302, location="https://elsewhere.test/")

    await refusal(exchange)

    assert len(exchange.requests) == 1


async def test_coingecko_is_left_alone_after_failures_in_a_row() -> None:
    exchange = Exchange()
    for _ in range(FAILURES_MAX):
        exchange.says("{}", 503)
        await refusal(exchange)

    assert isinstance(await refusal(exchange), CoinGeckoOutageError)

    assert exchange.breaker.state is CircuitState.OPEN
    assert len(exchange.requests) == FAILURES_MAX


async def test_an_unknown_coin_is_no_failure_of_coingecko() -> None:
    exchange = Exchange()
    for _ in range(FAILURES_MAX + 1):
        exchange.says('{"error": "coin not found"}', 404)
        assert not isinstance(await refusal(exchange), CoinGeckoOutageError)

    assert exchange.breaker.state is CircuitState.CLOSED


async def test_retry_after_is_waited_for() -> None:
    exchange = Exchange()
    exchange.says(ERRORS[0][1], 429, retry_after="7")

    await refusal(exchange)

    assert exchange.client.wait_s() == 7
    exchange.clock.at += WAIT_MAX
    assert exchange.client.wait_s() == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("60", 60),
        ("999999999999", 3600),
        ("Mon, 18 May 2026 12:50:30 GMT", 30),
        ("Mon, 18 May 2026 12:40:00 GMT", 0),
        ("Mon, 18 May 2026 12:40:00 -0000", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_seconds_or_a_date(header: str, seconds: int | None) -> None:
    wait = wait_of(header, NOW)

    assert (None if wait is None else wait.total_seconds()) == seconds


async def test_the_budget_of_a_minute_is_kept_and_some_of_it_reserved() -> None:
    exchange = Exchange(access=CoinGeckoAccess(calls_per_minute=5))
    for _ in range(5 - RESERVED_CALLS):
        assert exchange.client.wait_s(reserved=RESERVED_CALLS) == 0
        exchange.says("{}")
        await exchange.client.get("ping")
        exchange.clock.at = exchange.clock.at.replace(second=exchange.clock.at.second + 10)

    assert exchange.client.wait_s(reserved=RESERVED_CALLS) == 40
    assert exchange.client.wait_s() == 0
    for _ in range(RESERVED_CALLS):
        exchange.says("{}", 500)
        await refusal(exchange)
    assert exchange.client.wait_s() == 40


async def test_a_budget_of_nothing_is_no_bound() -> None:
    exchange = Exchange(access=CoinGeckoAccess(calls_per_minute=0))
    for _ in range(100):
        exchange.says("{}")
        await exchange.client.get("ping")

    assert exchange.client.wait_s() == 0


@pytest.mark.parametrize(
    "wrong",
    [{"api_key": "two words"}, {"url": "ftp://x"}, {"url": "https://"}, {"url": "https://a\nb"}],
)
def test_a_setting_that_cannot_be_one_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(CoinGeckoSettingsError) as refused:
        CoinGeckoAccess(**wrong)  # type: ignore[arg-type] # texts all

    assert "two words" not in str(refused.value)
