"""What the server can be told: all settings, with their defaults for development."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import ClassVar

from adapters.jwt_secrets import JwtSecret
from domain.ports.budgets import Bucket
from domain.rules import TradingRules
from web.coingecko import CoinGeckoSettings
from web.insights import GeminiSettings
from web.origins import THIS_MACHINE


class Environment(Enum):
    """Where the server runs: what is merely handy in development is shut in production."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class SqliteStore:
    """A store in one file."""

    path: Path


@dataclass(frozen=True, slots=True)
class DynamoDbStore:
    """A store in a DynamoDB table; AWS's own variables name region, credentials and endpoint."""

    table: str


@dataclass(frozen=True, slots=True)
class SimulatedMarket:
    """Made-up prices, the same for the same seed; without one, others at each start."""

    seed: int | None
    tick_every: timedelta
    source_name: ClassVar[str] = "simulated"
    quiet_max: ClassVar[timedelta] = timedelta(0)


@dataclass(frozen=True, slots=True)
class ReplayMarket:
    """Recorded prices from a file or a folder; at speed 2, an hour takes half an hour."""

    path: Path
    speed: Decimal
    sets_clock: bool = False
    """Whether the recording's time is the market's; otherwise its prices are of the present."""
    seed: int | None = None
    """Of the ids of what happens in the recording's time; without one, others in each run."""
    is_stepped: bool = False
    """Whether lines come when a client asks for them, at no speed."""
    source_name: ClassVar[str] = "replay"
    quiet_max: ClassVar[timedelta] = timedelta(days=36_500)
    """A recording may be silent for as long as it likes, and for good at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; 0 of a limit switches it off."""

    environment: Environment = Environment.DEVELOPMENT
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    """Processes that share the port."""
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = THIS_MACHINE
    """Of which pages browsers let speak to the server, beside its own."""
    has_playground: bool = True
    has_introspection: bool = True
    """Whether strangers may look at the schema; who has signed in always may."""
    trusted_documents_only: bool = False
    """Whether only documents that `cnop documents register` has kept may be run."""
    store: SqliteStore | DynamoDbStore = SqliteStore(Path("var/cnop.db"))
    redis_url: str | None = field(default=None, repr=False)
    """It may hold a password."""
    market: SimulatedMarket | ReplayMarket | CoinGeckoSettings = SimulatedMarket(
        None, timedelta(seconds=1)
    )
    jwt_secrets: tuple[JwtSecret, ...] = field(default=(), repr=False)
    """None given: one is made and kept beside the store."""
    requests_per_minute: int = 10_000
    logins_per_minute: int = 5
    query_budget: Bucket | None = Bucket(capacity=10_000, restore_per_second=500)
    """What each user, or each stranger's address, may ask for; None switches it off."""
    sockets_per_address: int = 1_000
    sockets_per_user: int = 100
    """Tabs and devices of one person, several times over; an office shares an address."""
    subscriptions_per_socket: int = 50
    rules: TradingRules = field(default_factory=TradingRules)
    gemini: GeminiSettings = field(default_factory=GeminiSettings)
    log_level: str = "INFO"

    @property
    def is_production(self) -> bool:
        """Tell whether strangers are expected."""
        return self.environment is Environment.PRODUCTION

    @property
    def data_folder(self) -> Path:
        """Where the server keeps files of its own."""
        return self.store.path.parent if isinstance(self.store, SqliteStore) else Path("var")
