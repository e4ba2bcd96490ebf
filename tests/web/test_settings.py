from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.money import Money, Percent
from web.settings import (
    DynamoDbStore,
    Environment,
    ReplayMarket,
    Settings,
    SimulatedMarket,
    SqliteStore,
)
from web.settings_reading import read_settings, unknown_names, with_dotenv
from web.variables import SettingsError

SECRET = "first:" + 32 * "s"


def problems_of(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as told:
        read_settings(environ)
    return told.value.problems


def test_everything_has_a_default_in_development() -> None:
    settings = read_settings({})

    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.store == SqliteStore(Path("var/cnop.db"))
    assert settings.market == SimulatedMarket(None, timedelta(seconds=1))
    assert settings.rules.daily_deposit_limit == Money.of(10_000)
    assert settings.rules.daily_withdrawal_limit == Money.of(5_000)
    assert settings.rules.max_order_value == Money.of(10_000)
    assert settings.rules.rewards.amounts["恭喜发财"] == Money.of("88.88")
    assert settings.has_playground


@pytest.mark.parametrize(
    ("name", "value", "attribute", "meant"),
    [
        ("CNOP_HOST", "::1", "host", "::1"),
        ("CNOP_PORT", "80", "port", 80),
        ("PORT", "81", "port", 81),
        ("CNOP_STORE", "sqlite:/data/x.db", "store", SqliteStore(Path("/data/x.db"))),
        ("CNOP_STORE", "dynamodb:cnop-live", "store", DynamoDbStore("cnop-live")),
        ("CNOP_MARKET_SEED", "7", "market", SimulatedMarket(7, timedelta(seconds=1))),
        (
            "CNOP_MARKET_TICK_SECONDS",
            "0.25",
            "market",
            SimulatedMarket(None, timedelta(milliseconds=250)),
        ),
        ("CNOP_TRUSTED_PROXIES", "10.0.0.0/8, ::1", "trusted_proxies", ("10.0.0.0/8", "::1")),
        ("CNOP_CORS_ORIGINS", "*", "cors_origins", ("*",)),
        (
            "CNOP_CORS_ORIGINS",
            "https://App.example.com, http://[::1]:5173",
            "cors_origins",
            ("https://app.example.com", "http://[::1]:5173"),
        ),
        ("CNOP_REQUESTS_PER_MINUTE", "0", "requests_per_minute", 0),
        ("CNOP_LOGINS_PER_MINUTE", "50", "logins_per_minute", 50),
        ("CNOP_SOCKETS_PER_ADDRESS", "3", "sockets_per_address", 3),
        ("CNOP_SOCKETS_PER_USER", "2", "sockets_per_user", 2),
        ("CNOP_SUBSCRIPTIONS_PER_SOCKET", "4", "subscriptions_per_socket", 4),
        ("CNOP_PLAYGROUND", "off", "has_playground", False),
        ("CNOP_LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("CNOP_HOST", "  ", "host", "127.0.0.1"),
    ],
)
def test_a_variable_sets_its_setting(name: str, value: str, attribute: str, meant: object) -> None:
    assert getattr(read_settings({name: value}), attribute) == meant


@pytest.mark.parametrize(
    ("name", "value", "attribute", "meant"),
    [
        ("DAILY_DEPOSIT_LIMIT", "250.50", "daily_deposit_limit", Money.of("250.5")),
        ("DAILY_WITHDRAW_LIMIT", "1", "daily_withdrawal_limit", Money.of(1)),
        ("MAX_ORDER_VALUE_USD", "1000000000000", "max_order_value", Money.of(10**12)),
        ("CNOP_FEE_PERCENT", "0.1", "fee", Percent.of("0.1")),
        ("CNOP_SLIPPAGE_PERCENT", "99.9999", "slippage", Percent.of("99.9999")),
        ("CNOP_PRICE_STALE_SECONDS", "30", "price_stale_after", timedelta(seconds=30)),
    ],
)
def test_a_variable_sets_its_trading_rule(
    name: str, value: str, attribute: str, meant: object
) -> None:
    assert getattr(read_settings({name: value}).rules, attribute) == meant


def test_our_own_port_goes_before_the_platforms() -> None:
    assert read_settings({"CNOP_PORT": "1", "PORT": "2"}).port == 1


def test_a_recording_is_replayed_at_a_speed(tmp_path: Path) -> None:
    market = read_settings({"CNOP_MARKET": f"replay:{tmp_path}", "CNOP_REPLAY_SPEED": "2.5"}).market

    assert market == ReplayMarket(tmp_path, Decimal("2.5"))


def test_a_recording_may_set_the_markets_clock(tmp_path: Path) -> None:
    replay = {"CNOP_MARKET": f"replay:{tmp_path}", "CNOP_REPLAY_SPEED": "1000000000"}
    market = read_settings({**replay, "CNOP_CLOCK": "replay"}).market

    assert market == ReplayMarket(tmp_path, Decimal(1_000_000_000), sets_clock=True)
    assert read_settings({**replay, "CNOP_MARKET_SEED": "7"}).market == replace(
        market, sets_clock=False, seed=7
    )
    assert read_settings({**replay, "CNOP_CLOCK": "wall"}).market == replace(
        market, sets_clock=False
    )
    assert unknown_names({"CNOP_CLOCK": "replay"}) == ()


def test_the_speed_of_a_recording_is_told() -> None:
    (problem,) = problems_of({"CNOP_REPLAY_SPEED": "fast"})

    assert problem == (
        "CNOP_REPLAY_SPEED is 'fast'; a number from 0.001 to 1000000000 or step is allowed."
    )


STEPPED = {"CNOP_REPLAY_SPEED": "step", "CNOP_CLOCK": "replay"}


def test_a_recording_may_be_stepped_through(tmp_path: Path) -> None:
    market = read_settings({"CNOP_MARKET": f"replay:{tmp_path}", **STEPPED}).market

    assert market == ReplayMarket(tmp_path, Decimal(1), sets_clock=True, is_stepped=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"CNOP_CLOCK": "wall"},
        {"CNOP_STORE": "dynamodb:cnop"},
        {"CNOP_ENV": "production", "CNOP_JWT_SECRET": SECRET},
    ],
)
def test_steps_are_for_one_process_in_development(tmp_path: Path, changed: dict[str, str]) -> None:
    (problem,) = problems_of({"CNOP_MARKET": f"replay:{tmp_path}", **STEPPED, **changed})

    assert problem.startswith("CNOP_REPLAY_SPEED is 'step'")


@pytest.mark.parametrize("market", ["simulated", "coingecko"])
def test_only_a_recording_can_set_the_markets_clock(market: str) -> None:
    (problem,) = problems_of({"CNOP_MARKET": market, "CNOP_CLOCK": "replay"})

    assert problem == (
        f"CNOP_CLOCK (--clock) is 'replay', but CNOP_MARKET is '{market}', which has no recorded "
        "time; CNOP_MARKET=replay:PATH is required."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CNOP_ENV", "prod"),
        ("CNOP_PORT", "65536"),
        ("CNOP_PORT", "-1"),
        ("CNOP_PORT", "8_000"),
        ("CNOP_PORT", "٣"),
        ("CNOP_PORT", "9" * 10_000),
        ("CNOP_PORT", "tcp://10.0.0.1:8000"),
        ("PORT", "http"),
        ("CNOP_STORE", "postgres:x"),
        ("CNOP_STORE", "sqlite:"),
        ("CNOP_STORE", "dynamodb:no spaces"),
        ("CNOP_WORKERS", "0"),
        ("CNOP_MARKET", "coingecko:btc"),
        ("CNOP_MARKET", "replay:"),
        ("CNOP_MARKET", "replay:/no/such/file"),
        ("CNOP_MARKET_TICK_SECONDS", "0"),
        ("CNOP_MARKET_SEED", "x"),
        ("CNOP_REPLAY_SPEED", "0"),
        ("CNOP_REPLAY_SPEED", "1000000001"),
        ("CNOP_CLOCK", "market"),
        ("CNOP_REPLAY_SPEED", "1.2.3"),
        ("CNOP_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CNOP_REQUESTS_PER_MINUTE", "many"),
        ("CNOP_LOGINS_PER_MINUTE", "-5"),
        ("CNOP_PLAYGROUND", "maybe"),
        ("CNOP_LOG_LEVEL", "LOUD"),
        ("DAILY_DEPOSIT_LIMIT", "0"),
        ("DAILY_DEPOSIT_LIMIT", "1e9999"),
        ("DAILY_DEPOSIT_LIMIT", "NaN"),
        ("DAILY_WITHDRAW_LIMIT", "0.001"),
        ("MAX_ORDER_VALUE_USD", "99999999999999"),
        ("CNOP_FEE_PERCENT", "100"),
        ("CNOP_FEE_PERCENT", "-1"),
        ("CNOP_SLIPPAGE_PERCENT", "0.00001"),
        ("CNOP_PRICE_STALE_SECONDS", "0"),
        ("CNOP_CNY_FILE", "/no/such/file"),
        ("CNOP_CNY_DEFAULT_REWARDS_PER_DAY", "91"),
        ("CNOP_JWT_SECRET", "short:secret"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence_that_names_the_variable(
    name: str, value: str
) -> None:
    told = problems_of({name: value})

    assert len(told) == 1
    assert name in told[0]
    assert told[0].endswith(".")
    assert len(told[0]) < 300


def test_all_problems_are_told_at_once() -> None:
    told = problems_of({"CNOP_PORT": "x", "CNOP_FEE_PERCENT": "x", "CNOP_STORE": "x"})

    assert len(told) == 3


def test_production_needs_a_secret() -> None:
    (told,) = problems_of({"CNOP_ENV": "production"})

    assert "CNOP_JWT_SECRET" in told


def test_production_starts_with_a_secret_and_without_a_playground() -> None:
    settings = read_settings({"CNOP_ENV": "production", "CNOP_JWT_SECRET": SECRET})

    assert settings.is_production
    assert settings.jwt_secrets[0].kid == "first"
    assert not settings.has_playground
    assert 32 * "s" not in repr(settings)


def test_a_bad_secret_is_not_repeated() -> None:
    (told,) = problems_of({"CNOP_JWT_SECRET": "kid:hunter2"})

    assert "hunter2" not in told


def test_several_workers_on_sqlite_are_refused_and_dynamodb_is_named() -> None:
    (told,) = problems_of({"CNOP_WORKERS": "2"})

    assert "CNOP_STORE=dynamodb:TABLE" in told


def test_several_workers_without_redis_are_refused() -> None:
    (told,) = problems_of({"CNOP_WORKERS": "2", "CNOP_STORE": "dynamodb:cnop"})

    assert "CNOP_WORKERS is 2" in told
    assert "CNOP_REDIS_URL is missing" in told


def test_several_workers_share_a_table_and_redis() -> None:
    settings = read_settings(
        {
            "CNOP_WORKERS": "4",
            "CNOP_STORE": "dynamodb:cnop",
            "CNOP_REDIS_URL": "redis://:hunter2@cache:6379/1",
        }
    )

    assert settings.workers == 4
    assert settings.redis_url == "redis://:hunter2@cache:6379/1"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://user:pass@[::1]:6379/0",
        "rediss://cache.example:6380",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_an_address_of_redis_is_taken(url: str) -> None:
    assert read_settings({"CNOP_REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://:hunter2@cache",
        "hunter2",
        "redis://:hunter2@",
        "redis://:hunter2@cache:99999",
        "redis://:hunter2@cache:0",
        "redis://:hunter2@cache/first",
        "redis://:hunter2@[cache",
        "redis://hunter2 @cache",
        "unix://",
    ],
)
def test_a_bad_address_of_redis_is_refused_and_not_repeated(url: str) -> None:
    (told,) = problems_of({"CNOP_REDIS_URL": url})

    assert "CNOP_REDIS_URL" in told
    assert "hunter2" not in told


def test_files_of_our_own_lie_beside_the_store() -> None:
    assert Settings(store=SqliteStore(Path("/data/x.db"))).data_folder == Path("/data")
    assert Settings(store=DynamoDbStore("table")).data_folder == Path("var")


def test_a_dotenv_file_stands_behind_the_environment(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# ours\nCNOP_PORT=1\nexport CNOP_HOST='::1'\nCNOP_STORE=\nlonely\n")

    environ = with_dotenv({"CNOP_PORT": "2"}, path)

    assert environ["CNOP_PORT"] == "2"
    assert environ["CNOP_HOST"] == "::1"
    assert read_settings(environ).store == SqliteStore(Path("var/cnop.db"))


def test_a_dotenv_file_is_not_read_in_production(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"CNOP_JWT_SECRET={SECRET}\n")

    assert "CNOP_JWT_SECRET" not in with_dotenv({"CNOP_ENV": "production"}, path)


def test_a_missing_dotenv_file_is_no_problem(tmp_path: Path) -> None:
    assert with_dotenv({"A": "1"}, tmp_path / ".env") == {"A": "1"}


def test_a_dotenv_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xff\xfe=\x00")

    with pytest.raises(SettingsError, match="UTF-8"):
        with_dotenv({}, path)


def test_a_misspelt_variable_is_found() -> None:
    assert unknown_names({"CNOP_PROT": "1", "CNOP_PORT": "1", "PATH": "/"}) == ("CNOP_PROT",)
