"""The whole exchange in memory, spoken to in GraphQL text: a clock to set, prices to move."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from graphql import GraphQLError

from adapters.password_hashing import Argon2Hashing, Argon2Parameters
from adapters.table import Item, Key, Table
from domain.catalogue import CatalogueEntry
from domain.ids import AssetId
from domain.money import Money, Price
from domain.rules import RewardBook, TradingRules
from domain.ticks import PriceMove, PriceReport
from schema.api import Schema, make_schema
from schema.context import Context
from tests.domain.identity_world import SECRETS, CountingIds, RacyTable, SetClock
from tests.domain.market_world import BTC, DOGE, ETH, LTC, entry
from web.coingecko import CoinGeckoSettings
from web.composition import Exchange, Parts, compose
from web.logs import RequestNotes, current_request
from web.reception import Caller, Reception
from web.settings import ReplayMarket, Settings, SimulatedMarket

HOME = "203.0.113.7"
PASSWORD = "Correct-Horse-7"
GREETING = "恭喜发财"
RULES = TradingRules(rewards=RewardBook({GREETING: Money(88_88)}))
CATALOGUE = (
    entry(BTC, 1000, 20),
    entry(ETH, 100, 120),
    entry(LTC, 50),
    entry(DOGE, "0.2", 1000),
)
PRICES = {"BTC": "50000", "ETH": "2500", "LTC": "80", "DOGE": "0.1"}
REQUEST_ID = "request-7"
SIMULATED = SimulatedMarket(None, timedelta(seconds=1))

REGISTER = """
mutation ($input: RegisterInput!) {
  register(input: $input) {
    user { id username account { id } }
    session { accessToken refreshToken }
    errors { code message path }
  }
}"""

LOGIN = """
mutation ($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) { session { accessToken refreshToken } }
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in."""

    username: str
    user_id: str
    account_id: str
    access_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as a client reads it from JSON."""

    data: Any
    errors: list[dict[str, Any]] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        """Return a root field of an answer without errors."""
        assert self.errors == []
        return self.data[name]

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def message(self) -> str:
        (error,) = self.errors
        return str(error["message"])


class QuietSource:
    """A MarketSource that says nothing: a test moves prices itself."""

    name = "test"
    silence_max = timedelta.max

    async def next_report(self) -> PriceReport | None:
        await asyncio.Event().wait()
        return None


class Seconds:
    """A sleep that lasts until a test says that a second has passed."""

    def __init__(self) -> None:
        self._asleep: list[asyncio.Future[None]] = []

    async def sleep(self, _seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asleep.append(waking)
        await waking

    async def pass_one(self) -> None:
        """Wake whoever sleeps, and wait for each to come to its next sleep."""
        woken, self._asleep = self._asleep, []
        for waking in woken:
            waking.set_result(None)
        while len(self._asleep) < len(woken):  # noqa: ASYNC110 - it takes turns, not time
            await asyncio.sleep(0)


class World:
    """One server on one table."""

    def __init__(self, exchange: Exchange, clock: SetClock, seconds: Seconds) -> None:
        self.exchange = exchange
        self.clock = clock
        self.seconds = seconds
        self.schema = schema()
        self.reception = Reception(
            exchange.services, prices=exchange.prices, entries=exchange.entries
        )

    @property
    def table(self) -> RacyTable:
        """The table in memory, which notes its calls."""
        assert isinstance(self.exchange.table, RacyTable)
        return self.exchange.table

    async def context(
        self, as_: Session | str | None, *, address: str = HOME, request_id: str = REQUEST_ID
    ) -> Context:
        """Return the context of one operation, as the server's own reception makes it."""
        token = as_.access_token if isinstance(as_, Session) else as_
        caller = Caller(address, None if token is None else f"Bearer {token}")
        noted = current_request.set(RequestNotes(request_id))
        try:
            return await self.reception.context(caller)
        finally:
            current_request.reset(noted)

    async def run(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_: Session | str | None = None,
        address: str = HOME,
    ) -> Answer:
        """Execute an operation, as who has signed in or shows an access token."""
        result = await self.schema.execute(
            text,
            variable_values=dict(variables or {}),
            context_value=await self.context(as_, address=address),
        )
        return answer_of(result.data, result.errors)

    async def calls(
        self, text: str, variables: Mapping[str, Any] | None = None, *, as_: Session | None = None
    ) -> tuple[Answer, list[str]]:
        """Execute an operation, and tell which calls to the table it took after the sign-in."""
        context = await self.context(as_)
        before = len(self.table.calls)
        result = await self.schema.execute(
            text, variable_values=dict(variables or {}), context_value=context
        )
        return answer_of(result.data, result.errors), self.table.calls[before:]

    async def listen(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_: Session | str | None = None,
    ) -> AsyncGenerator[Answer, None]:
        """Execute an operation as a websocket does."""
        results: Any = await self.schema.stream(
            text,
            variable_values=dict(variables or {}),
            context_value=await self.context(as_),
        )
        try:
            async for result in results:
                yield answer_of(result.data, result.errors)
        finally:
            await results.aclose()

    async def tick(self, prices: Mapping[str, str], at: datetime | None = None) -> None:
        """Move prices, now or at a given time."""
        moves = tuple(PriceMove(AssetId(name), Price.of(price)) for name, price in prices.items())
        report = PriceReport(at=at or self.clock.now(), source="test", moves=moves)
        await (await self.exchange.market.opened()).take(report)

    async def register(self, username: str = "alice_01", **details: Any) -> Session:
        typed = {
            "username": username,
            "email": f"{username}@example.com",
            "password": PASSWORD,
            "firstName": "Alice",
            "lastName": "Liddell",
        }
        payload = (await self.run(REGISTER, {"input": typed | details}))["register"]
        assert payload["errors"] == []
        return Session(
            username=username,
            user_id=payload["user"]["id"],
            account_id=payload["user"]["account"]["id"],
            access_token=payload["session"]["accessToken"],
            refresh_token=payload["session"]["refreshToken"],
        )

    async def later(self, session: Session, seconds: float) -> Session:
        """Let time pass, and sign in anew: the access token may have expired meanwhile."""
        self.clock.advance(seconds)
        typed = {"username": session.username, "password": PASSWORD}
        tokens = (await self.run(LOGIN, typed))["login"]["session"]
        return replace(
            session, access_token=tokens["accessToken"], refresh_token=tokens["refreshToken"]
        )

    async def trader(self, cash: str = "10000", username: str = "alice_01") -> Session:
        """Register somebody who has put money in."""
        session = await self.register(username)
        await self.deposit(session, cash)
        return session

    async def deposit(self, session: Session, amount: str) -> Any:
        text = "mutation ($n: Decimal!) { deposit(input: {amount: $n}) { errors { message } } }"
        payload = (await self.run(text, {"n": amount}, as_=session))["deposit"]
        assert payload["errors"] == []
        return payload

    async def order(self, session: Session, side: str, asset: str, quantity: str) -> str:
        """Fill a market order and return its id."""
        text = """
        mutation ($input: OrderInput!) {
          placeOrder(input: $input) { order { id } errors { message } }
        }"""
        typed = {"side": side, "assetId": asset, "quantity": quantity}
        payload = (await self.run(text, {"input": typed}, as_=session))["placeOrder"]
        assert payload["errors"] == []
        return str(payload["order"]["id"])

    async def buy(self, session: Session, asset: str = "BTC", quantity: str = "0.1") -> str:
        return await self.order(session, "BUY", asset, quantity)

    async def sell(self, session: Session, asset: str = "BTC", quantity: str = "0.1") -> str:
        return await self.order(session, "SELL", asset, quantity)

    def stored(self) -> dict[Key, Item]:
        """Return all that is on the table, to be compared."""
        return dict(self.table._items)


@cache
def schema() -> Schema:
    """Return one schema for all tests: it has no state but its caches of documents."""
    return make_schema()


@cache
def cheap_hashing() -> Argon2Hashing:
    """Return real argon2id at next to no cost."""
    return Argon2Hashing(Argon2Parameters(memory_kib=8, passes=1), threads=1)


@asynccontextmanager
async def opened(
    *,
    table: Table | None = None,
    rules: TradingRules = RULES,
    catalogue: tuple[CatalogueEntry, ...] = CATALOGUE,
    prices: Mapping[str, str] | None = None,
    clock: SetClock | None = None,
    logins_per_minute: int = 0,
    market: SimulatedMarket | ReplayMarket | CoinGeckoSettings = SIMULATED,
) -> AsyncIterator[World]:
    """Start a server on a table, one in memory by default, with fresh prices.

    Whatever the market is said to be, a test moves prices itself.
    """
    clock = clock or SetClock()
    seconds = Seconds()
    ids = CountingIds()
    parts = Parts(
        wall_clock=clock,
        sleep=seconds.sleep,
        ids=ids,
        market_ids=ids,
        pause=_no_pause,
        wall_clock_s=clock.now_s,
        table=table or RacyTable(clock),
        source=QuietSource(),
        hasher=cheap_hashing(),
        catalogue=catalogue,
    )
    settings = Settings(
        jwt_secrets=SECRETS, rules=rules, logins_per_minute=logins_per_minute, market=market
    )
    async with compose(settings, parts) as exchange:
        world = World(exchange, clock, seconds)
        if prices != {}:
            await world.tick(prices or PRICES)
        yield world


def answer_of(data: Any, errors: list[GraphQLError] | None) -> Answer:
    """Return a result as it comes out of JSON."""
    told: Any = json.loads(
        json.dumps({"data": data, "errors": [error.formatted for error in errors or ()]})
    )
    return Answer(told["data"], told["errors"])


def many_assets(count: int) -> tuple[CatalogueEntry, ...]:
    """Return a catalogue of assets A00, A01 and so on, at $1 each."""
    return tuple(entry(AssetId(f"A{number:02}"), 1, 100 + number) for number in range(count))


async def _no_pause(_attempt: int) -> None:
    await asyncio.sleep(0)
