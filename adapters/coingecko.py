"""CoinGecko over HTTP, within a budget of calls. Source: CoinGecko API reference."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from adapters.coingecko_coins import exact_json
from domain.circuit_breaker import CircuitBreaker, CircuitOpenError
from domain.instants import Clock
from domain.ports.markets import MarketSourceError

DEMO_URL = "https://api.coingecko.com/api/v3"
PRO_URL = "https://pro-api.coingecko.com/api/v3"

CONNECT_S_MAX = 5.0
"""Seconds to a connection."""

CALL_S_MAX = 20.0
"""Seconds for a whole call, however slowly its bytes come."""

ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""Of a body: 250 coins take 250 KB, a year of daily points 60 KB."""

WAIT_MAX = timedelta(hours=1)
"""The longest Retry-After that is kept: prices should come back within reason."""

RESERVED_CALLS = 3
"""Calls of a minute's budget that backfilling leaves to the prices."""

QUESTIONS_OWN_STATUSES = frozenset({400, 404, 422})
"""Statuses that say that this question can't be answered; the next one may be."""

QUESTIONS_OWN_CODES = frozenset({10005, 10012})
"""Error codes that come with 401 though the key is good: another plan's address or time range.
Source: CoinGecko API reference, common errors; recorded answers."""

_MINUTE_S = 60.0
_KEY = re.compile(r"[!-~]{1,256}", re.ASCII)
_ERROR_CHARACTERS_MAX = 200


class CoinGeckoOutageError(MarketSourceError):
    """CoinGecko could not be reached, failed, or wants to be left alone for a while."""


class CoinGeckoSettingsError(ValueError):
    """The key or the address can't be one; the message never repeats the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinGeckoAccess:
    """Where to ask, as whom, and how often; without a key, as anybody may. 0 calls is no bound.

    Raises CoinGeckoSettingsError.
    """

    url: str = DEMO_URL
    api_key: str = field(default="", repr=False)
    is_pro: bool = False
    calls_per_minute: int = 30

    def __post_init__(self) -> None:
        if self.api_key and not _KEY.fullmatch(self.api_key):
            raise CoinGeckoSettingsError("the key must be 1 to 256 visible ASCII characters")
        try:
            address = httpx.URL(self.url)
        except httpx.InvalidURL:
            raise CoinGeckoSettingsError("the address must be a URL") from None
        if address.scheme not in {"http", "https"} or not address.host:
            raise CoinGeckoSettingsError("the address must begin with https:// and a host")

    def headers(self) -> Mapping[str, str]:
        """Return what names the caller."""
        if not self.api_key:
            return {}
        return {"x-cg-pro-api-key" if self.is_pro else "x-cg-demo-api-key": self.api_key}


class CoinGecko:
    """Asks CoinGecko. It belongs to one event loop; what fails uses up the budget too."""

    def __init__(
        self,
        access: CoinGeckoAccess,
        *,
        breaker: CircuitBreaker,
        clock: Clock,
        monotonic_s: Callable[[], float] = time.monotonic,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Open no connection yet; `transport` is for tests."""
        self._access = access
        self._breaker = breaker
        self._clock = clock
        self._monotonic_s = monotonic_s
        self._called_s: deque[float] = deque()
        self._not_before_s = 0.0
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(CALL_S_MAX, connect=CONNECT_S_MAX),
            headers={"accept": "application/json", **access.headers()},
            follow_redirects=False,  # the key goes nowhere else
        )

    async def get(self, path: str, **parameters: str) -> bytes:
        """Return the body of a good answer. Raises MarketSourceError, without the key in it.

        An answer that only this question brings about (a coin that it doesn't know, a time range
        that isn't in the plan) leaves the circuit closed.
        """
        try:
            with self._breaker.guard(CoinGeckoOutageError):
                self._called_s.append(self._monotonic_s())
                return await self._exchange(path, parameters)
        except CircuitOpenError as error:
            raise CoinGeckoOutageError(str(error)) from None

    def wait_s(self, *, reserved: int = 0) -> float:
        """Return how long to wait before the next call: for Retry-After, and for the budget.

        `reserved` calls of the budget are left alone.
        """
        now_s = self._monotonic_s()
        while self._called_s and self._called_s[0] <= now_s - _MINUTE_S:
            self._called_s.popleft()
        wait_s = max(0.0, self._not_before_s - now_s)
        calls_max = self._access.calls_per_minute
        if not calls_max:
            return wait_s
        over = len(self._called_s) - max(1, calls_max - reserved)
        return max(wait_s, self._called_s[over] + _MINUTE_S - now_s) if over >= 0 else wait_s

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _exchange(self, path: str, parameters: Mapping[str, str]) -> bytes:
        """Make the call and return the body of a good answer. Raises MarketSourceError.

        What httpx raises is not kept as a cause: it refers to the request, which has the key.
        """
        address = f"{self._access.url.rstrip('/')}/{path}"
        try:
            async with (
                asyncio.timeout(CALL_S_MAX),
                self._client.stream("GET", address, params=dict(parameters)) as response,
            ):
                body = await _read(response)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise CoinGeckoOutageError(f"it can't be reached: {type(error).__name__}") from None
        if response.status_code == HTTPStatus.OK:
            return body
        raise self._refusal(response, body)

    def _refusal(self, response: httpx.Response, body: bytes) -> MarketSourceError:
        wait = wait_of(response.headers.get("retry-after", ""), self._clock.now())
        if wait is not None:
            self._not_before_s = self._monotonic_s() + wait.total_seconds()
        message = f"it answered {response.status_code}: {told_in(body)}"
        if response.status_code in QUESTIONS_OWN_STATUSES or is_questions_own(body):
            return MarketSourceError(message)
        return CoinGeckoOutageError(message)


def told_in(body: bytes) -> str:
    """Return what an error says of itself, in whichever of CoinGecko's three shapes it is."""
    try:
        found = exact_json(body)
    except MarketSourceError:
        return "no JSON"
    match found:
        case {"error": {"status": {"error_message": str(told)}}}:
            pass
        case {"status": {"error_message": str(told)}}:
            pass
        case {"error": str(told)}:
            pass
        case _:
            return "no error message"
    return "".join(c if c.isprintable() else " " for c in told)[:_ERROR_CHARACTERS_MAX]


def is_questions_own(body: bytes) -> bool:
    """Tell whether an error says by its code that only this question is refused."""
    try:
        found = exact_json(body)
    except MarketSourceError:
        return False
    match found:
        case {"error": {"status": {"error_code": Decimal() as code}}} | {
            "status": {"error_code": Decimal() as code}
        }:
            return code in QUESTIONS_OWN_CODES
    return False


def wait_of(retry_after: str, now: datetime) -> timedelta | None:
    """Return the wait of a Retry-After header: seconds, or a date. Source: RFC 9110, 10.2.3."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), WAIT_MAX)
    try:
        wait = parsedate_to_datetime(text) - now
    except (ValueError, TypeError):  # no date, or one without a zone
        return None
    return max(timedelta(0), min(wait, WAIT_MAX))


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise CoinGeckoOutageError(f"its answer has over {ANSWER_BYTES_MAX} bytes")
    return bytes(body)
