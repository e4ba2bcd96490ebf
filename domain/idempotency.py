"""One key, one effect: what a key was used for, and what came of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from domain.ids import IdempotencyKey, OrderId
from domain.refusals import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What the first command under a key was, and what it made.

    That is an entry, an order without one, or a refusal.
    """

    key: IdempotencyKey
    fingerprint: str
    at: datetime
    version: int | None = None
    order_id: OrderId | None = None
    errors: tuple[UserError, ...] = ()


def fingerprint(command: object) -> str:
    """Return 64 hexadecimal digits that are equal when two commands ask for the same.

    Absent arguments are left out, so that a new optional one doesn't change old fingerprints.
    """
    text = "\n".join([type(command).__name__, *sorted(_facts(command, ""))])
    return hashlib.sha256(text.encode()).hexdigest()


def _facts(value: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - any command's field
    if value is None:
        return
    if is_dataclass(value):
        for field in fields(value):
            yield from _facts(getattr(value, field.name), f"{name}.{field.name}")
    elif isinstance(value, frozenset):
        yield f"{name}={sorted(map(str, value))}"
    else:
        yield f"{name}={value!s}"
