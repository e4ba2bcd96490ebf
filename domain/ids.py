"""Names of things: what an id looks like, and how new ones are made."""

import re
from datetime import datetime
from typing import NewType, Protocol

AssetId = NewType("AssetId", str)
AccountId = NewType("AccountId", str)
UserId = NewType("UserId", str)
SessionId = NewType("SessionId", str)
OrderId = NewType("OrderId", str)
CommandId = NewType("CommandId", str)
IdempotencyKey = NewType("IdempotencyKey", str)

ASSET_ID = re.compile(r"(?!USD\Z)[A-Z0-9]{1,10}", re.ASCII)
"""An upper-case ticker. USD is none: it is the dollar's own unit in the journal."""

_ULID_ID = r"_[0-7][0-9A-HJKMNP-TV-Z]{25}"
ORDER_ID = re.compile("ord" + _ULID_ID, re.ASCII)
USER_ID = re.compile("usr" + _ULID_ID, re.ASCII)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID_RANDOM_BITS = 80


class Ids(Protocol):
    """Makes ids that nobody made before; deterministic in tests."""

    def ulid(self, at: datetime) -> str:
        """Return 26 characters that sort by `at`."""

    def token(self) -> str:
        """Return 32 characters that nobody can guess."""


def asset_id(text: str) -> AssetId | None:
    """Return the asset id meant by `text` in any letter case; None when it can't be one."""
    upper = text.upper() if text.isascii() else text
    return AssetId(upper) if ASSET_ID.fullmatch(upper) else None


def order_id(text: str) -> OrderId | None:
    """Return `text` as an order id; None when it can't be one."""
    return OrderId(text) if ORDER_ID.fullmatch(text) else None


def ulid_text(at_ms: int, random_bits: int) -> str:
    """Spell a ULID: 48 bits of Unix milliseconds, 80 random ones, in Crockford's base 32.

    Source: github.com/ulid/spec.
    """
    number = (at_ms << ULID_RANDOM_BITS) | random_bits
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -5, -5))
