"""The schema's own scalars: exact numbers, instants and days as strings."""

import datetime as dt
import decimal
import re
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from domain.inputs import shown
from domain.instants import text_of, to_ms
from domain.money import Fixed

Decimal = NewType("Decimal", decimal.Decimal)
DateTime = NewType("DateTime", dt.datetime)
Date = NewType("Date", dt.date)

NUMBER_LENGTH_MAX = 64
"""Characters of a number; the widest kind needs 28."""

_WHOLE_MAX = 10**NUMBER_LENGTH_MAX

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


def bad_input(message: str) -> GraphQLError:
    """Return a request error for an argument that can't be read."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def _write_decimal(value: object) -> str:
    if isinstance(value, Fixed):
        return str(value)
    message = f"{type(value).__name__} is no exact amount"
    raise TypeError(message)


def _read_decimal(value: Any) -> decimal.Decimal:  # noqa: ANN401 - whatever a client sends
    if isinstance(value, float):
        message = f"{shown(value)} is a JSON float, which is not exact; send it as a string."
        raise bad_input(message)
    text = _text_of(value)
    if text is None or len(text) > NUMBER_LENGTH_MAX or not _NUMBER.fullmatch(text):
        found = "This" if text is None else shown(ascii(text))
        message = (
            f"{found} is no decimal number: digits with an optional minus sign and fraction are "
            f'allowed, such as "10.50", up to {NUMBER_LENGTH_MAX} characters.'
        )
        raise bad_input(message)
    return decimal.Decimal(text)


def _text_of(value: object) -> str | None:
    """Return a number as text; None for what is none, and for one too long to be spelled."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WHOLE_MAX:
        return str(value)
    return None


def _decimal_literal(node: ValueNode, _variables: object = None) -> decimal.Decimal:
    if isinstance(node, StringValueNode | IntValueNode):
        return _read_decimal(node.value)
    message = 'An exact number is written as a string, such as "10.50", or as an integer.'
    raise bad_input(message)


def _write_instant(value: dt.datetime) -> str:
    return text_of(value)


def _read_instant(value: Any) -> dt.datetime:  # noqa: ANN401 - whatever a client sends
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return to_ms(dt.datetime.fromisoformat(value).astimezone(dt.UTC))
        except (ValueError, OverflowError):
            pass
    message = (
        f"{shown(ascii(value))} is no instant: ISO 8601 with an offset is allowed, "
        'such as "2026-01-31T12:00:00.000Z".'
    )
    raise bad_input(message)


def _write_day(value: dt.date) -> str:
    return value.isoformat()


def _read_day(value: Any) -> dt.date:  # noqa: ANN401 - whatever a client sends
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    message = f'{shown(ascii(value))} is no calendar day; write it as "2026-01-31".'
    raise bad_input(message)


def scalar_map() -> dict[object, ScalarDefinition]:
    """Return how each scalar is written, read and described."""
    return {
        Decimal: strawberry.scalar(
            name="Decimal",
            description=(
                "An exact decimal number as a JSON string. Output is plain notation, never an "
                'exponent: US-dollar amounts have exactly two decimals ("10.00"); quantities (up '
                "to 8 decimals), prices (up to 12) and percentages (up to 4) have no trailing "
                'zeros ("0.5", "3"). Input: digits with an optional minus sign and fraction, as '
                f"a string of at most {NUMBER_LENGTH_MAX} characters, or an integer; a JSON float "
                "is refused. Bad syntax is a request error BAD_USER_INPUT; a wrong scale or range "
                "is INVALID_INPUT at the field in mutations and previewOrder, BAD_USER_INPUT "
                "elsewhere."
            ),
            specified_by_url="https://spec.graphql.org/draft/#sec-Scalars",
            serialize=_write_decimal,
            parse_value=_read_decimal,
            parse_literal=_decimal_literal,
        ),
        DateTime: strawberry.scalar(
            name="DateTime",
            description=(
                "An instant, ISO 8601 in UTC to the millisecond, with a trailing Z. Input may have "
                "another offset, never none; what is finer than a millisecond is cut off."
            ),
            specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
            serialize=_write_instant,
            parse_value=_read_instant,
        ),
        Date: strawberry.scalar(
            name="Date",
            description="A calendar day in UTC, YYYY-MM-DD.",
            specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339#section-5.6",
            serialize=_write_day,
            parse_value=_read_day,
        ),
    }
