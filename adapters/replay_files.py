"""Recorded prices in CSV files, read line by line and merged by time."""

import csv
import heapq
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import TextIO, TypeVar

from domain.ids import asset_id
from domain.inputs import shown
from domain.instants import to_ms
from domain.money import AmountError, Price, Quantity, nearest
from domain.ports.markets import MarketSourceError
from domain.ticks import PriceMove

HEADER = ["at", "asset_id", "price"]
HEADER_WITH_VOLUME = [*HEADER, "volume"]

FILES_MAX = 250
"""Files of one folder, all open at once: within the 1,024 that a process may have open."""

LINE_CHARACTERS_MAX = 1_000
"""Many times what a line needs; a file without line ends isn't read into memory."""

NUMBER_CHARACTERS_MAX = 60
"""Twice the digits of the largest number."""

EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Times that orders can have: ids count from 1970, and dates end a while after their end."""

AmountT = TypeVar("AmountT", Price, Quantity)

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RecordedPrice:
    """One line of a recording."""

    at: datetime
    move: PriceMove


def recorded_prices(path: Path) -> Generator[RecordedPrice, None, None]:
    """Yield the prices of a CSV file, or of all those in a folder, in the order of their time.

    Prices of one instant come in the order of the files' names and of their lines. Each file must
    be in the order of time. Raises MarketSourceError, which names file and line. Only one line of
    each file is in memory.
    """
    with ExitStack() as stack:
        readings = []
        for file_path in _files(path):
            try:
                file = stack.enter_context(file_path.open(encoding="utf-8-sig", newline=""))
            except OSError as error:
                raise MarketSourceError(f"{file_path}: {error.strerror}") from error
            readings.append(_read(file_path, file))
        yield from heapq.merge(*readings, key=attrgetter("at"))


def _files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.csv"))
    if not found:
        raise MarketSourceError(f"{path}: there is no .csv file in this folder")
    if len(found) > FILES_MAX:
        raise MarketSourceError(f"{path}: {len(found)} .csv files, at most {FILES_MAX}")
    return found


def _read(path: Path, file: TextIO) -> Iterator[RecordedPrice]:
    rows = csv.reader(_lines(file), strict=True)
    number = 1
    try:
        columns = _columns(next(rows, []))
        last: RecordedPrice | None = None
        number = rows.line_num + 1
        for row in rows:
            if row:
                last = _recorded(row, columns, last)
                yield last
            number = rows.line_num + 1
    except (ValueError, csv.Error) as error:
        raise MarketSourceError(f"{path}, line {number}: {error}") from error
    except OSError as error:
        raise MarketSourceError(f"{path}, line {number}: {error.strerror}") from error


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(LINE_CHARACTERS_MAX + 1):
        if len(line) > LINE_CHARACTERS_MAX:
            raise ValueError(f"the line has more than {LINE_CHARACTERS_MAX} characters")
        yield line


def _columns(header: list[str]) -> int:
    if header in (HEADER, HEADER_WITH_VOLUME):
        return len(header)
    found, expected = shown(",".join(header)), f"{','.join(HEADER)}[,volume]"
    raise ValueError(f"the header is {found!r} and should be {expected}")


def _recorded(row: Sequence[str], columns: int, last: RecordedPrice | None) -> RecordedPrice:
    if len(row) != columns:
        raise ValueError(f"{len(row)} values were found, {columns} are named in the header")
    asset = asset_id(row[1])
    if asset is None:
        raise ValueError(f"{shown(row[1])!r} is no asset id: 1 to 10 letters or digits")
    price = _number(Price, "price", row[2])
    if not price:
        raise ValueError(f"the price {shown(row[2])!r} must be above 0")
    has_volume = columns > len(HEADER) and row[3] != ""
    volume = _number(Quantity, "volume", row[3]) if has_volume else None
    at = _instant(row[0])
    if last is not None and at < last.at:
        raise ValueError(f"{row[0]} comes after a later time")
    return RecordedPrice(at, PriceMove(asset, price, volume))


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{shown(text)!r} is no ISO 8601 time") from None
    if at.tzinfo is None:
        raise ValueError(f"{shown(text)!r} has no time zone; end it with Z for UTC")
    if not EARLIEST <= at < LATEST:
        raise ValueError(f"{shown(text)!r} must lie in the years 1971 to 8999")
    return to_ms(at)


def _number(kind: type[AmountT], what: str, text: str) -> AmountT:
    if len(text) > NUMBER_CHARACTERS_MAX or not _NUMBER.fullmatch(text):
        raise ValueError(f"the {what} {shown(text)!r} is no number of 0 or more")
    try:
        return nearest(kind, Decimal(text))
    except AmountError as error:
        raise ValueError(f"the {what} {shown(text)!r} {error}") from None
