"""Reading the settings from environment variables, once, and telling all problems at once."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from dotenv import dotenv_values

from adapters import jwt_secrets
from adapters.jwt_secrets import JwtSecret, JwtSecretError
from domain.money import Money, Percent
from domain.ports.budgets import Bucket
from domain.rules import SURPRISES_MAX, RewardBook, TradingRules
from web.cny_rewards import SHIPPED_FILE, RewardFileError, read_rewards
from web.coingecko import CoinGeckoSettings, read_coingecko
from web.insights import read_gemini
from web.origins import THIS_MACHINE
from web.settings import (
    DynamoDbStore,
    Environment,
    ReplayMarket,
    Settings,
    SimulatedMarket,
    SqliteStore,
)
from web.settings_processes import read_redis_url, read_workers
from web.variables import SettingsError, Variables

_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
"""Source: Amazon DynamoDB, naming rules."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

RATE_MAX = 10_000_000
"""Of any count a minute or a process: above what one process can reach."""

SEED_MAX = 2**63 - 1

STEP = "step"
"""The speed of a recording that stands until a client lets it go on."""

_KNOWN = frozenset(
    {
        "CNOP_CLOCK",
        "CNOP_CNY_DEFAULT_REWARDS_PER_DAY",
        "CNOP_CNY_FILE",
        "CNOP_COINGECKO_BACKFILL",
        "CNOP_COINGECKO_CALLS_PER_MINUTE",
        "CNOP_COINGECKO_URL",
        "CNOP_COST_LIMIT",
        "CNOP_COST_RESTORE_PER_SECOND",
        "CNOP_CORS_ORIGINS",
        "CNOP_ENV",
        "CNOP_FEE_PERCENT",
        "CNOP_GEMINI_MODEL",
        "CNOP_GEMINI_URL",
        "CNOP_HOST",
        "CNOP_INTROSPECTION",
        "CNOP_JWT_SECRET",
        "CNOP_LOGINS_PER_MINUTE",
        "CNOP_LOG_LEVEL",
        "CNOP_MARKET",
        "CNOP_MARKET_SEED",
        "CNOP_MARKET_TICK_SECONDS",
        "CNOP_PLAYGROUND",
        "CNOP_PORT",
        "CNOP_PRICE_STALE_SECONDS",
        "CNOP_REDIS_URL",
        "CNOP_REPLAY_SPEED",
        "CNOP_REQUESTS_PER_MINUTE",
        "CNOP_SLIPPAGE_PERCENT",
        "CNOP_SOCKETS_PER_ADDRESS",
        "CNOP_SOCKETS_PER_USER",
        "CNOP_STORE",
        "CNOP_SUBSCRIPTIONS_PER_SOCKET",
        "CNOP_TRUSTED_DOCUMENTS",
        "CNOP_TRUSTED_PROXIES",
        "CNOP_WORKERS",
    }
)


def with_dotenv(environ: Mapping[str, str], path: Path) -> Mapping[str, str]:
    """Return the environment with a `.env` file behind it; in production it isn't read.

    Raises SettingsError when the file is no text.
    """
    if environ.get("CNOP_ENV", "").strip() == Environment.PRODUCTION.value or not path.is_file():
        return environ
    try:
        found = dotenv_values(path, interpolate=False)
    except UnicodeDecodeError as error:
        raise SettingsError((f"{path} is not UTF-8 text.",)) from error
    return {name: value for name, value in found.items() if value is not None} | dict(environ)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings. Raises SettingsError with every problem there is."""
    variables = Variables(environ)
    environment = Environment(
        variables.choice("CNOP_ENV", "development", "development", "production")
    )
    store = _store(variables)
    redis_url = read_redis_url(variables)
    settings = Settings(
        environment=environment,
        host=variables.text("CNOP_HOST", "127.0.0.1"),
        port=_port(variables),
        workers=read_workers(variables, store, redis_url),
        trusted_proxies=variables.networks("CNOP_TRUSTED_PROXIES"),
        cors_origins=variables.origins(
            "CNOP_CORS_ORIGINS", () if environment is Environment.PRODUCTION else THIS_MACHINE
        ),
        has_playground=variables.switch(
            "CNOP_PLAYGROUND", default=environment is Environment.DEVELOPMENT
        ),
        has_introspection=variables.switch(
            "CNOP_INTROSPECTION", default=environment is Environment.DEVELOPMENT
        ),
        trusted_documents_only=(
            variables.choice("CNOP_TRUSTED_DOCUMENTS", "off", "off", "only") == "only"
        ),
        store=store,
        redis_url=redis_url,
        market=_market(variables),
        jwt_secrets=_jwt_secrets(variables, environment),
        requests_per_minute=_limit(variables, "CNOP_REQUESTS_PER_MINUTE", 10_000),
        logins_per_minute=_limit(variables, "CNOP_LOGINS_PER_MINUTE", 5),
        query_budget=_query_budget(variables),
        sockets_per_address=_limit(variables, "CNOP_SOCKETS_PER_ADDRESS", 1_000),
        sockets_per_user=_limit(variables, "CNOP_SOCKETS_PER_USER", 100),
        subscriptions_per_socket=_limit(variables, "CNOP_SUBSCRIPTIONS_PER_SOCKET", 50),
        rules=_rules(variables),
        gemini=read_gemini(variables),
        log_level=variables.choice("CNOP_LOG_LEVEL", "INFO", *LOG_LEVELS),
    )
    _check_steps(variables, settings)
    variables.settle()
    return settings


def _check_steps(variables: Variables, settings: Settings) -> None:
    """Let a recording be stepped through only where one process serves whoever tests it."""
    market = settings.market
    if not (isinstance(market, ReplayMarket) and market.is_stepped):
        return
    if (
        settings.is_production
        or not market.sets_clock
        or not isinstance(settings.store, SqliteStore)
    ):
        variables.problem(
            "CNOP_REPLAY_SPEED is 'step', which whoever reaches the server may do: it goes with "
            "CNOP_CLOCK=replay (--clock replay) and an SQLite store, and not with "
            "CNOP_ENV=production."
        )


def read_store(environ: Mapping[str, str]) -> SqliteStore | DynamoDbStore:
    """Return which store is meant, whatever the other settings are. Raises SettingsError."""
    variables = Variables(environ)
    store = _store(variables)
    variables.settle()
    return store


def unknown_names(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return variables that look like settings of ours, and are none."""
    return tuple(sorted(n for n in environ if n.startswith("CNOP_") and n not in _KNOWN))


def _port(variables: Variables) -> int:
    name = "CNOP_PORT" if variables.text("CNOP_PORT") else "PORT"
    if variables.text(name).startswith("tcp://"):
        variables.problem(
            f"{name} was set by Kubernetes for a service named cnop; set enableServiceLinks to "
            "false in the pod, or name the service otherwise."
        )
        return 0
    return variables.whole(name, 8000, least=0, most=65535)


def _query_budget(variables: Variables) -> Bucket | None:
    capacity = _limit(variables, "CNOP_COST_LIMIT", 10_000)
    restored = _limit(variables, "CNOP_COST_RESTORE_PER_SECOND", 500)
    if not (capacity and restored):
        return None
    return Bucket(capacity=capacity, restore_per_second=restored)


def _limit(variables: Variables, name: str, default: int) -> int:
    return variables.whole(name, default, least=0, most=RATE_MAX)


def _store(variables: Variables) -> SqliteStore | DynamoDbStore:
    kind, _, name = variables.text("CNOP_STORE", "sqlite:var/cnop.db").partition(":")
    if kind == "sqlite" and name.strip():
        return SqliteStore(Path(name.strip()))
    if kind == "dynamodb" and _TABLE_NAME.fullmatch(name.strip()):
        return DynamoDbStore(name.strip())
    variables.refuse("CNOP_STORE", "sqlite:PATH or dynamodb:TABLE (3 to 255 of A-Z a-z 0-9 _ . -)")
    return SqliteStore(Path("var/cnop.db"))


def _market(variables: Variables) -> SimulatedMarket | ReplayMarket | CoinGeckoSettings:
    kind, _, name = variables.text("CNOP_MARKET", "simulated").partition(":")
    every = variables.seconds("CNOP_MARKET_TICK_SECONDS", "1", least="0.01", most="3600")
    has_seed = bool(variables.text("CNOP_MARKET_SEED"))
    seed = variables.whole("CNOP_MARKET_SEED", 0, least=0, most=SEED_MAX)
    sets_clock = variables.choice("CNOP_CLOCK", "wall", "wall", "replay") == "replay"
    is_stepped = variables.text("CNOP_REPLAY_SPEED") == STEP
    speed = Decimal(1)
    if not is_stepped:
        speed = variables.decimal(
            "CNOP_REPLAY_SPEED", speed, least="0.001", most="1000000000", besides=f" or {STEP}"
        )
    if sets_clock and kind != "replay":
        variables.problem(
            f"CNOP_CLOCK (--clock) is 'replay', but CNOP_MARKET is {kind!r}, which has no "
            "recorded time; CNOP_MARKET=replay:PATH is required."
        )
    if kind == "replay" and name.strip():
        path = Path(name.strip())
        if not path.exists():
            variables.problem(f"CNOP_MARKET names {str(path)!r}, which does not exist.")
        return ReplayMarket(path, speed, sets_clock, seed if has_seed else None, is_stepped)
    if kind == "coingecko" and not name:
        return read_coingecko(variables)
    if kind != "simulated" or name:
        variables.refuse("CNOP_MARKET", "simulated, coingecko or replay:PATH")
    return SimulatedMarket(seed if has_seed else None, every)


def _jwt_secrets(variables: Variables, environment: Environment) -> tuple[JwtSecret, ...]:
    found = variables.text("CNOP_JWT_SECRET")
    if not found:
        if environment is Environment.PRODUCTION:
            variables.problem(
                "CNOP_JWT_SECRET is missing; in production, kid:secret pairs separated by commas "
                f"are required, each secret of at least {jwt_secrets.SECRET_BYTES_MIN} bytes."
            )
        return ()
    try:
        return jwt_secrets.parsed(found)
    except JwtSecretError as error:
        variables.problem(str(error))
        return ()


def _rules(variables: Variables) -> TradingRules:
    default = TradingRules()
    return TradingRules(
        max_order_value=_dollars(variables, "MAX_ORDER_VALUE_USD", default.max_order_value),
        fee=_percent(variables, "CNOP_FEE_PERCENT"),
        slippage=_percent(variables, "CNOP_SLIPPAGE_PERCENT"),
        daily_deposit_limit=_dollars(variables, "DAILY_DEPOSIT_LIMIT", default.daily_deposit_limit),
        daily_withdrawal_limit=_dollars(
            variables, "DAILY_WITHDRAW_LIMIT", default.daily_withdrawal_limit
        ),
        price_stale_after=variables.seconds(
            "CNOP_PRICE_STALE_SECONDS", "600", least="1", most="31536000"
        ),
        rewards=_rewards(variables),
    )


def _dollars(variables: Variables, name: str, default: Money) -> Money:
    return variables.amount(
        name, default, least="0.01", most="1000000000000", unit="an amount of dollars"
    )


def _percent(variables: Variables, name: str) -> Percent:
    return variables.amount(name, Percent(0), least="0", most="99.9999", unit="a percentage")


def _rewards(variables: Variables) -> RewardBook:
    surprises = variables.whole("CNOP_CNY_DEFAULT_REWARDS_PER_DAY", 1, least=0, most=SURPRISES_MAX)
    named = variables.text("CNOP_CNY_FILE")
    try:
        amounts = read_rewards(Path(named) if named else SHIPPED_FILE)
    except RewardFileError as error:
        variables.problem(f"CNOP_CNY_FILE: {error}" if named else str(error))
        amounts = {}
    return RewardBook(amounts=amounts, surprises_per_day=surprises)
