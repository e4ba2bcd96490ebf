"""The operations whose costs are stated, as clients send them, and what each of them costs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from adapters.catalogue import shipped_catalogue
from tests.api.costs_world import START, Metered
from tests.api.world import PASSWORD, Session

EVENTS = 20

Run = Callable[[Metered], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; `calls` are those to the table, in their order, without authentication."""

    name: str
    run: Run
    calls: tuple[str, ...]
    read_units: int
    write_units: int


def sent(text: str, *codes: str, is_signed_in: bool = True, **variables: Any) -> Run:
    """Return what executes an operation, and expects to be refused with these codes, or not."""

    async def run(metered: Metered) -> None:
        session = metered.trader if is_signed_in else None
        await execute(metered, text, session, *codes, **variables)

    return run


async def execute(
    metered: Metered, text: str, session: Session | None, *codes: str, **variables: Any
) -> Any:
    """Execute an operation; what its authentication takes is not counted."""
    answer = await metered.executed(text, variables, session)
    assert answer.errors == []
    (payload,) = answer.data.values()
    refusals = (payload.get("errors") or []) if isinstance(payload, dict) else []
    assert [error["code"] for error in refusals] == list(codes)
    return payload


async def authenticate(metered: Metered) -> None:
    identity = metered.world.exchange.services.identity
    await identity.authenticate(metered.trader.access_token)


async def order_by_id(metered: Metered) -> None:
    text = "query ($id: ID!) { order(id: $id) { id status fill { price } asset { price } } }"
    found = await execute(metered, text, metered.trader, id=metered.order_id)
    assert found["id"] == metered.order_id


async def replay_events(metered: Metered) -> None:
    text = "subscription ($n: Int) { accountEvents(since: $n) { transaction { version } } }"
    since = metered.entries - EVENTS
    context = await metered.world.context(metered.trader)
    metered.meter.reset()
    events: Any = await metered.world.schema.stream(
        text, variable_values={"n": since}, context_value=context
    )
    told = [(await anext(events)).data["accountEvents"] for _ in range(EVENTS)]
    await events.aclose()
    versions = [event["transaction"]["version"] for event in told]
    assert versions == list(range(since + 1, metered.entries + 1))


async def register(metered: Metered) -> None:
    text = """
    mutation ($input: RegisterInput!) {
      register(input: $input) { user { id } session { accessToken } errors { code } }
    }"""
    typed = {
        "username": "bobby_01",
        "email": "bobby@example.com",
        "password": PASSWORD,
        "firstName": "Bob",
        "lastName": "Cratchit",
    }
    await execute(metered, text, None, input=typed)


async def refresh(metered: Metered) -> None:
    text = """
    mutation ($token: String!) {
      refreshSession(input: {refreshToken: $token}) { session { accessToken } errors { code } }
    }"""
    await execute(metered, text, None, token=metered.trader.refresh_token)


async def tick(metered: Metered) -> None:
    await metered.world.tick({entry.facts.id: "1.25" for entry in shipped_catalogue()})


async def checkpoint(metered: Metered) -> None:
    await (await metered.world.exchange.market.opened()).checkpoint()


def _mutation(name: str, kind: str, *codes: str, fields: str = "", **typed: Any) -> Run:
    text = f"""
    mutation ($input: {kind}!) {{
      {name}(input: $input) {{
        {fields} transaction {{ version }} account {{ cash version }} replayed errors {{ code }}
      }}
    }}"""
    return sent(text, *codes, input=typed)


_DEPOSIT = _mutation("deposit", "DepositInput", amount="1", idempotencyKey="deposit")
_ORDER = _mutation(
    "placeOrder",
    "OrderInput",
    fields="order { id fill { price total } } position { quantity averageCost asset { price } }",
    assetId="BTC",
    side="BUY",
    quantity="0.001",
    idempotencyKey="order",
)
_LIMIT_ORDER = _mutation(
    "placeOrder",
    "OrderInput",
    fields="order { id status heldCash } position { quantity }",
    assetId="BTC",
    side="BUY",
    type="LIMIT",
    limitPrice="0.01",
    quantity="0.001",
    idempotencyKey="limit",
)


async def limit_order(metered: Metered) -> None:
    await metered.world.deposit(metered.trader, "1")
    metered.meter.reset()
    await _LIMIT_ORDER(metered)


_LOGIN = """
mutation ($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) {
    session { accessToken } errors { code }
  }
}"""
_DATES = f"""{{
  transactions(
    first: 20, filter: {{from: "{START:%Y-%m-%d}T12:00:03Z", to: "{START:%Y-%m-%d}T12:00:06Z"}}
  ) {{ nodes {{ id kind }} }}
}}"""
_SEARCH = ("get_many",) * 4
"""Of both dates at once, among 10,000 entries."""

OPERATIONS = (
    Operation("authentication", authenticate, ("get",), 1, 0),
    Operation("deposit", _DEPOSIT, ("snapshot", "transact"), 4, 8),
    Operation("deposit, its key again", _DEPOSIT, ("snapshot", "get"), 5, 0),
    Operation(
        "withdrawal",
        _mutation("withdraw", "WithdrawInput", amount="1", idempotencyKey="withdrawal"),
        ("snapshot", "transact"),
        4,
        8,
    ),
    Operation(
        "withdrawal, refused under a key",
        _mutation(
            "withdraw",
            "WithdrawInput",
            "INSUFFICIENT_FUNDS",
            amount="4999",
            idempotencyKey="too-much",
        ),
        ("snapshot", "transact"),
        4,
        2,
    ),
    Operation("market order", _ORDER, ("snapshot", "transact"), 6, 18),
    Operation("market order, its key again", _ORDER, ("snapshot", "get", "get_many"), 8, 0),
    Operation(
        "portfolio",
        sent("{ portfolio { totalValue positions { quantity asset { id price } } } }"),
        ("query",),
        1,
        0,
    ),
    Operation("order", order_by_id, ("get_many",), 1, 0),
    Operation(
        "page of 20 orders",
        sent("{ orders(first: 20) { nodes { id status asset { price } } } }"),
        ("query",),
        3,
        0,
    ),
    Operation(
        "page of 20 transactions",
        sent("{ transactions(first: 20) { nodes { id kind } } }"),
        ("query",),
        4,
        0,
    ),
    Operation(
        "page of 20 transactions between two dates",
        sent(_DATES),
        ("query", *_SEARCH, "query"),
        80,
        0,
    ),
    Operation(f"{EVENTS} account events replayed", replay_events, ("get", "query"), 5, 0),
    Operation(
        "page of 50 assets",
        sent("{ assets(first: 50) { nodes { id price } } }", is_signed_in=False),
        (),
        0,
        0,
    ),
    Operation(
        "reset",
        _mutation("resetAccount", "ResetAccountInput", idempotencyKey="reset"),
        ("snapshot", "query", "query", "transact"),
        5,
        8,
    ),
    Operation("registration", register, ("transact",), 0, 12),
    Operation(
        "login",
        sent(_LOGIN, is_signed_in=False, username="bobby_01", password=PASSWORD),
        ("get", "get", "query", "transact"),
        3,
        4,
    ),
    Operation("refreshed session", refresh, ("get", "get", "transact"), 2, 2),
    Operation("price tick of 50 assets", tick, ("transact", *("query",) * 100), 0, 6),
    Operation(
        "checkpoint of 50 assets",
        checkpoint,
        ("transact", "transact", "transact", "query"),
        1,
        108,
    ),
    Operation("limit order that waits", limit_order, ("snapshot", "transact"), 6, 22),
)
