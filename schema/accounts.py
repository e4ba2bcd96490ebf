"""Accounts and the money in them."""

from typing import Annotated

import strawberry

from domain import accounts, funds
from domain.ledger import Outcome
from resolvers import accounts as resolve
from resolvers.commands import carry_out
from schema.context import Info, given
from schema.journal import Transaction
from schema.refusals import ERRORS_DESCRIPTION, UserError
from schema.scalars import DateTime, Decimal
from schema.views import view_of

KEY_DESCRIPTION = (
    "1 to 255 visible ASCII characters, no spaces; kept for 7 days. The same key with the same "
    "input has no second effect and gets the first answer again, or the first refusal; with "
    "another input it is refused (IDEMPOTENCY_MISMATCH)."
)


@strawberry.type(
    description="What may still be moved today. For client caches: `merge: true`, it has no id."
)
class Allowance:
    """A view of domain.funds.Allowance."""

    limit: Decimal = strawberry.field(description="Most for one UTC day, in US dollars.")
    used: Decimal = strawberry.field(description="What is used up today, in US dollars.")
    remaining: Decimal = strawberry.field(description="What is left today, in US dollars.")
    resets_at: DateTime = strawberry.field(description="When the next day begins.")


@strawberry.federation.type(
    keys=["id"], description="A user's money. It changes by journal entries only."
)
class Account:
    """A view of domain.accounts.Account."""

    id: strawberry.ID = strawberry.field(description="Permanent.")
    version: int = strawberry.field(
        description="Counts the journal entries; each movement of money adds exactly one."
    )
    cash: Decimal = strawberry.field(description="Available plus held cash, in US dollars.")
    available: Decimal = strawberry.field(
        name="availableCash", description="What can be spent or withdrawn, in US dollars."
    )
    held: Decimal = strawberry.field(
        name="heldCash", description="What is reserved for open buy orders, in US dollars."
    )
    created_at: DateTime = strawberry.field(description="When it was opened.")

    @strawberry.field(graphql_type=Allowance, description="What may still be deposited today.")
    @staticmethod
    def deposit_allowance(
        parent: strawberry.Parent[accounts.Account], info: Info
    ) -> funds.Allowance:
        """Work it out from the rules."""
        return resolve.deposit_allowance_of(info.context.request, parent)

    @strawberry.field(graphql_type=Allowance, description="What may still be withdrawn today.")
    @staticmethod
    def withdrawal_allowance(
        parent: strawberry.Parent[accounts.Account], info: Info
    ) -> funds.Allowance:
        """Work it out from the rules."""
        return resolve.withdrawal_allowance_of(info.context.request, parent)

    is_type_of = view_of(accounts.Account)


@strawberry.input(description="Money to put in.")
class DepositInput:
    """A deposit."""

    amount: Decimal = strawberry.field(
        description="US dollars, 0.01 to 1000000.00, within the day's allowance."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description=KEY_DESCRIPTION
    )


@strawberry.input(description="Money to take out.")
class WithdrawInput:
    """A withdrawal."""

    amount: Decimal = strawberry.field(
        description="US dollars, 0.01 or more, of available cash and within the day's allowance."
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description=KEY_DESCRIPTION
    )


@strawberry.input(description="A wish to start over.")
class ResetAccountInput:
    """A reset."""

    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description=KEY_DESCRIPTION
    )


@strawberry.type
class MoneyPayload:
    """What all payloads of money mutations have; a view of domain.ledger.Outcome."""

    entry: Transaction | None = strawberry.field(
        name="transaction", description="The journal entry; null when refused."
    )
    account: Account | None = strawberry.field(
        description=(
            "The account as of that entry, in a replay of that or a later one; as it is now when "
            "refused."
        )
    )
    is_replay: bool = strawberry.field(
        name="replayed",
        description="Whether this is the answer to an earlier call under the same key.",
    )
    errors: list[UserError] = strawberry.field(description=ERRORS_DESCRIPTION)


@strawberry.type(description="What a deposit did: journal entry and account of one version.")
class DepositPayload(MoneyPayload):
    """A deposit's outcome."""


@strawberry.type(description="What a withdrawal did: journal entry and account of one version.")
class WithdrawPayload(MoneyPayload):
    """A withdrawal's outcome."""


@strawberry.type(description="What a reset did: journal entry and account of one version.")
class ResetAccountPayload(MoneyPayload):
    """A reset's outcome."""


@strawberry.type
class AccountQuery:
    """The root field about the account."""

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=Account | None,
        description="The signed-in user's account.",
    )
    @staticmethod
    async def account(info: Info) -> accounts.Account | None:
        """Return the viewer's account."""
        return await resolve.account(info.context.request)


@strawberry.type
class AccountMutation:
    """The mutations of cash."""

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=DepositPayload | None,
        description="Put money in, within the day's allowance.",
    )
    @staticmethod
    async def deposit(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            DepositInput, strawberry.argument(description="How much.")
        ],
    ) -> Outcome:
        """Deposit."""
        return await carry_out(
            info.context.request,
            lambda: funds.Deposit.of(input.amount),
            given(input.idempotency_key),
        )

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=WithdrawPayload | None,
        description="Take money out of available cash, within the day's allowance.",
    )
    @staticmethod
    async def withdraw(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            WithdrawInput, strawberry.argument(description="How much.")
        ],
    ) -> Outcome:
        """Withdraw."""
        return await carry_out(
            info.context.request,
            lambda: funds.Withdraw.of(input.amount),
            given(input.idempotency_key),
        )

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=ResetAccountPayload | None,
        description=(
            "Back to an empty account: positions and open orders are closed out in one journal "
            "entry. History is kept, and the day's used allowances stay used."
        ),
    )
    @staticmethod
    async def reset_account(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            ResetAccountInput, strawberry.argument(description="Under which key.")
        ],
    ) -> Outcome:
        """Start over."""
        return await resolve.reset(info.context.request, given(input.idempotency_key))
