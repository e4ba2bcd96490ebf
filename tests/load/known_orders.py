"""A recording, and orders of which it is known beforehand what each of its prices sets off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

BEGUN_AT = datetime(2026, 1, 5, tzinfo=UTC)
APART = timedelta(seconds=1)

SET_OFF = 3
"""Orders that each price sets off: two of one account, one after the other, and one of another."""

QUARTER = Decimal("0.25")
"""Levels lie at the price that sets them off, and one and two quarters of a dollar before it."""

RISING = (("LIMIT", "SELL"), ("STOP_LOSS", "BUY"), ("TAKE_PROFIT", "SELL"))
FALLING = (("LIMIT", "BUY"), ("STOP_LOSS", "SELL"), ("TAKE_PROFIT", "BUY"))
"""What a price sets off that rises to a level, and one that falls to it."""


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """One price of the recording."""

    asset: str
    price: Decimal


FIRST = (RecordedLine("BTC", Decimal(100)), RecordedLine("ETH", Decimal(1000)))
"""The prices that orders are placed at."""

END = RecordedLine("DOGE", Decimal("3.5"))
"""What the recording ends with. It sets off nothing, and comes when everything else is done."""


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order of an account, and the number of the line that sets it off; None if none does."""

    account: int
    asset: str
    type: str
    side: str
    level: Decimal
    line: int | None

    @property
    def typed(self) -> dict[str, str]:
        """The input of `placeOrder`."""
        field = "limitPrice" if self.type == "LIMIT" else "triggerPrice"
        given = {"assetId": self.asset, "type": self.type, "side": self.side}
        return given | {"quantity": "0.01", field: f"{self.level}"}


def recorded_lines(count: int) -> list[RecordedLine]:
    """Return so many lines, an even number: BTC rises and ETH falls by turns, a dollar a time."""
    return [
        RecordedLine("BTC", FIRST[0].price + number // 2 + 1)
        if number % 2 == 0
        else RecordedLine("ETH", FIRST[1].price - number // 2 - 1)
        for number in range(count)
    ]


def known_orders(lines: Sequence[RecordedLine], accounts: int) -> Iterator[KnownOrder]:
    """Yield what each line sets off, and for each account orders that none does."""
    for number, line in enumerate(lines):
        is_rise = line.asset == "BTC"
        for place, (kind, side) in enumerate(RISING if is_rise else FALLING):
            before = QUARTER * ((number + place) % SET_OFF)
            level = line.price - before if is_rise else line.price + before
            account = (number + place // 2) % accounts
            yield KnownOrder(account, line.asset, kind, side, level, number)
    highest, lowest = lines[-2].price, lines[-1].price
    for account in range(accounts):
        yield KnownOrder(account, "BTC", "LIMIT", "SELL", highest + QUARTER, None)
        yield KnownOrder(account, "BTC", "STOP_LOSS", "SELL", FIRST[0].price - QUARTER, None)
        yield KnownOrder(account, "ETH", "LIMIT", "BUY", lowest - QUARTER, None)
        yield KnownOrder(account, "ETH", "STOP_LOSS", "BUY", FIRST[1].price + QUARTER, None)


def write_recording(path: Path, lines: Sequence[RecordedLine]) -> None:
    """Write what the replay source reads."""
    rows = [
        f"{BEGUN_AT + number * APART:%Y-%m-%dT%H:%M:%SZ},{line.asset},{line.price}"
        for number, line in enumerate(lines)
    ]
    path.write_text("\n".join(["at,asset_id,price", *rows, ""]))
