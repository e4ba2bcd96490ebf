"""Two trading days as the replay source reads them: recorded ones, or ones made by a formula.

The recordings are no part of this repository. Where they lie beside it, they are used too.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

RECORDINGS = Path(__file__).parents[3] / "shared" / "market-data" / "ohlcv" / "lean-coinbase"

DAYS = (("BTC", "2017-09-03"), ("ETH", "2017-09-03"), ("BTC", "2018-04-05"), ("LTC", "2018-04-05"))
"""The assets that were recorded on each of the two days."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of trading, told at its end."""

    at: datetime
    close: str
    volume: str


def recorded(asset: str, day: str) -> Iterator[Minute]:
    """Yield the minutes of a recorded day: ms since midnight, open, high, low, close, volume."""
    path = RECORDINGS / f"{asset.lower()}usd-minute-{day.replace('-', '')}_trade.zip"
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        text = archive.read(name).decode()
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    for since_ms, _, _, _, close, volume in csv.reader(io.StringIO(text)):
        yield Minute(midnight + timedelta(milliseconds=int(since_ms)) + MINUTE, close, volume)


def made_up(asset: str, day: str) -> Iterator[Minute]:
    """Yield the minutes of a day that never was: two waves and a drift."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    level = {"BTC": 4_600, "ETH": 350, "LTC": 118}[asset]
    for number in range(1_440):
        wave = abs(number % 240 - 120) + 3 * abs(number % 34 - 17) - number // 20
        close = (level + Decimal(level * wave) / 4_000).quantize(Decimal("0.000001"))
        yield Minute(midnight + (number + 1) * MINUTE, str(close), str(Decimal(number) / 8))


SOURCES: dict[str, Callable[[str, str], Iterator[Minute]]] = {"made up": made_up}
if RECORDINGS.is_dir():
    SOURCES["recorded"] = recorded


def write_days(source: str, folder: Path) -> None:
    """Write a file for each asset and day, in the form that the replay source reads."""
    for asset, day in DAYS:
        with (folder / f"{day}-{asset}.csv").open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["at", "asset_id", "price", "volume"])
            for minute in SOURCES[source](asset, day):
                lines.writerow([minute.at.isoformat(), asset, minute.close, minute.volume])
