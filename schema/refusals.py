"""Refusals as GraphQL sees them: one interface, a concrete type for each kind of figures."""

import strawberry

from domain import refusals
from domain.refusals import ErrorCode
from schema.descriptions import described_enum
from schema.scalars import DateTime, Decimal
from schema.views import view_of

described_enum(
    ErrorCode,
    "Why something was refused. More codes may come; none will go.",
    {
        "INVALID_INPUT": "An argument breaks a rule; `path` says which, `message` what is allowed.",
        "USERNAME_TAKEN": "Somebody else has this username.",
        "EMAIL_TAKEN": "Somebody else has this e-mail address.",
        "INVALID_CREDENTIALS": "Username or password is wrong; which one is never told.",
        "LOCKED_OUT": "Too many failed logins for this username or address; wait.",
        "SESSION_EXPIRED": "The refresh token is used up, expired or revoked; sign in again.",
        "INSUFFICIENT_FUNDS": "There is less available than is needed, in dollars or in the asset.",
        "DAILY_LIMIT_EXCEEDED": "The day's allowance is too small for this amount.",
        "ORDER_VALUE_EXCEEDED": "The order is worth more than one order may be.",
        "ASSET_NOT_FOUND": "There is no such asset.",
        "ASSET_NOT_TRADABLE": "The asset can't be traded at present.",
        "PRICE_STALE": "The last price is too old to trade on.",
        "PRICE_MOVED": "The price is further from `expectedPrice` than `maxSlippagePercent`.",
        "ORDER_NOT_FOUND": "There is no such order on this account.",
        "ORDER_NOT_OPEN": "The order is filled, cancelled or expired already.",
        "TOO_MANY_OPEN_ORDERS": "The account has as many open orders as it may.",
        "ALREADY_CLAIMED_TODAY": "The reward was claimed already on this UTC day.",
        "IDEMPOTENCY_MISMATCH": "The key was used for something else within 7 days.",
        "CONFLICT": "The account changed too often meanwhile; nothing happened, try again.",
    },
)


@strawberry.interface(
    description=(
        "A refusal that the user can do something about. Read `code`, show `message`, and look "
        "into the concrete type for figures."
    )
)
class UserError:
    """What all refusals have."""

    code: ErrorCode = strawberry.field(description="What kind of refusal it is.")
    message: str = strawberry.field(
        description="What was found and what is allowed, in a sentence that can be shown."
    )
    path: list[str] | None = strawberry.field(
        description=(
            'The input field at fault, e.g. ["input", "amount"]; empty when it is no single one.'
        )
    )


@strawberry.type(description="An argument that breaks a rule; nothing else was looked at.")
class InputError(UserError):
    """INVALID_INPUT."""

    is_type_of = view_of(refusals.InputError)


@strawberry.type(description="There is less available than is needed.")
class InsufficientFundsError(UserError):
    """INSUFFICIENT_FUNDS."""

    unit: str = strawberry.field(description="What there is too little of: USD, or an asset's id.")
    required: Decimal = strawberry.field(description="How much is needed, in `unit`.")
    available: Decimal = strawberry.field(description="How much is available, in `unit`.")

    is_type_of = view_of(refusals.InsufficientFundsError)


@strawberry.type(description="A limit would be passed.")
class LimitExceededError(UserError):
    """DAILY_LIMIT_EXCEEDED and its like."""

    unit: str = strawberry.field(description="What is limited: USD, or what is counted.")
    limit: Decimal = strawberry.field(description="The limit, in `unit`.")
    used: Decimal = strawberry.field(description="What is used up already, in `unit`.")
    remaining: Decimal = strawberry.field(description="What is left, in `unit`.")
    resets_at: DateTime | None = strawberry.field(
        description="When it begins anew; null for a limit that never does."
    )

    is_type_of = view_of(refusals.LimitExceededError)


@strawberry.type(description="Any other refusal; its code says which.")
class RefusedError(UserError):
    """A refusal without figures."""

    is_type_of = view_of(refusals.RefusedError)


CONCRETE_ERRORS = (InputError, InsufficientFundsError, LimitExceededError, RefusedError)

ERRORS_DESCRIPTION = "Why it was refused; empty when it was done."
