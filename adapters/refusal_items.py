"""Refusals as values of an item, so that a key can give its first answer again."""

from adapters.fields import Fields, without_none
from adapters.table import Value
from domain.instants import ms_of
from domain.journal import USD
from domain.money import Money, Quantity
from domain.refusals import (
    ErrorCode,
    InputError,
    InsufficientFundsError,
    LimitExceededError,
    RefusedError,
    UserError,
)


def error_value(error: UserError) -> dict[str, Value]:
    """Return a refusal as a map."""
    value = without_none(message=error.message, code=error.code.value, path=list(error.path))
    match error:
        case InsufficientFundsError():
            figures = without_none(
                kind="funds",
                unit=error.unit,
                required=error.required.units,
                available=error.available.units,
            )
        case LimitExceededError():
            figures = without_none(
                kind="limit",
                unit=error.unit,
                limit=error.limit.units,
                used=error.used.units,
                remaining=error.remaining.units,
                resets_at=ms_of(error.resets_at) if error.resets_at else None,
            )
        case InputError():
            figures = without_none(kind="input")
        case RefusedError():
            figures = without_none(kind="refused")
    return value | figures


def error_of(fields: Fields) -> UserError:
    """Read a refusal's map."""
    message, path = fields.text("message"), fields.texts("path")
    match fields.text("kind"):
        case "funds":
            kind = _kind(fields)
            return InsufficientFundsError(
                message,
                fields.text("unit"),
                fields.amount(kind, "required"),
                fields.amount(kind, "available"),
                path,
            )
        case "limit":
            kind = _kind(fields)
            return LimitExceededError(
                message,
                ErrorCode(fields.text("code")),
                fields.text("unit"),
                fields.amount(kind, "limit"),
                fields.amount(kind, "used"),
                fields.amount(kind, "remaining"),
                fields.instant_or_none("resets_at"),
                path,
            )
        case "input":
            return InputError(message, path)
        case _:
            return RefusedError(message, ErrorCode(fields.text("code")), path)


def _kind(fields: Fields) -> type[Money] | type[Quantity]:
    """Return what a refusal's figures are: dollars, or a quantity or count of anything else."""
    return Money if fields.text("unit") == USD else Quantity
