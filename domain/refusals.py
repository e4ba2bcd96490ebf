"""Refusals: what a user asked for and can't have, as data with a stable code."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.money import Money, Quantity

Path = tuple[str, ...]
"""The input field at fault, outermost first; empty when it is no single one."""


class ErrorCode(StrEnum):
    """Stable names of refusals; more may come, none will go."""

    INVALID_INPUT = "INVALID_INPUT"
    USERNAME_TAKEN = "USERNAME_TAKEN"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    LOCKED_OUT = "LOCKED_OUT"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    DAILY_LIMIT_EXCEEDED = "DAILY_LIMIT_EXCEEDED"
    ORDER_VALUE_EXCEEDED = "ORDER_VALUE_EXCEEDED"
    ASSET_NOT_FOUND = "ASSET_NOT_FOUND"
    ASSET_NOT_TRADABLE = "ASSET_NOT_TRADABLE"
    PRICE_STALE = "PRICE_STALE"
    PRICE_MOVED = "PRICE_MOVED"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN"
    TOO_MANY_OPEN_ORDERS = "TOO_MANY_OPEN_ORDERS"
    ALREADY_CLAIMED_TODAY = "ALREADY_CLAIMED_TODAY"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class InputError:
    """An argument breaks a rule that can be checked without looking at anything else."""

    message: str
    path: Path = ()
    code: ClassVar[ErrorCode] = ErrorCode.INVALID_INPUT


@dataclass(frozen=True, slots=True)
class InsufficientFundsError:
    """The account has less of `unit` (USD or an asset id) available than the command needs."""

    message: str
    unit: str
    required: Money | Quantity
    available: Money | Quantity
    path: Path = ()
    code: ClassVar[ErrorCode] = ErrorCode.INSUFFICIENT_FUNDS


@dataclass(frozen=True, slots=True)
class LimitExceededError:
    """A limit in `unit` (USD, or what is counted) would be passed; `resets_at` says until when."""

    message: str
    code: ErrorCode
    unit: str
    limit: Money | Quantity
    used: Money | Quantity
    remaining: Money | Quantity
    resets_at: datetime | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True)
class RefusedError:
    """Any other refusal; the code says which."""

    message: str
    code: ErrorCode
    path: Path = ()


UserError = InputError | InsufficientFundsError | LimitExceededError | RefusedError

UNRECORDED = frozenset({ErrorCode.INVALID_INPUT, ErrorCode.CONFLICT})
"""Codes that an idempotency key doesn't remember: the same key may be sent again, corrected."""


class Refusal(Exception):
    """The command was refused for these reasons, and nothing happened."""

    def __init__(self, *errors: UserError) -> None:
        if not errors:
            message = "a refusal needs a reason"
            raise ValueError(message)
        self.errors: tuple[UserError, ...] = errors
        super().__init__("; ".join(f"{error.code}: {error.message}" for error in errors))


def refuse(code: ErrorCode, message: str, *path: str) -> Refusal:
    """Return a refusal for one reason that carries no figures."""
    if code is ErrorCode.INVALID_INPUT:
        return Refusal(InputError(message, path))
    return Refusal(RefusedError(message, code, path))
