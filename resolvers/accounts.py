"""The viewer's own account, what it may still move today, and what it is worth."""

from domain.accounts import Account
from domain.funds import Allowance, deposit_allowance, withdrawal_allowance
from domain.ids import AccountId
from domain.ledger import Outcome
from domain.money import Percent
from domain.portfolios import Portfolio, ValuedPosition
from domain.resets import Reset
from resolvers.commands import carry_out
from resolvers.context import Request


async def account(request: Request) -> Account | None:
    """Return the viewer's account."""
    return await request.loaders.accounts.load(request.signed_in().account_id)


async def own_account(request: Request, account_id: str) -> Account | None:
    """Return an account if it is the viewer's; somebody else's looks like a missing one."""
    return await request.loaders.accounts.load(AccountId(account_id))


def deposit_allowance_of(request: Request, account: Account) -> Allowance:
    """Return what may still be deposited today."""
    limit = request.services.rules.daily_deposit_limit
    return deposit_allowance(account, limit, request.market_now().date())


def withdrawal_allowance_of(request: Request, account: Account) -> Allowance:
    """Return what may still be withdrawn today."""
    limit = request.services.rules.daily_withdrawal_limit
    return withdrawal_allowance(account, limit, request.market_now().date())


async def reset(request: Request, key: str | None) -> Outcome:
    """Start over; the orders that it ends leave the book meanwhile."""
    outcome = await carry_out(request, Reset, key)
    request.services.sweeps.begin(outcome)
    return outcome


async def viewers_portfolio(request: Request) -> Portfolio:
    """Return the viewer's account and positions, valued at one set of prices."""
    return await request.loaders.portfolios.load(request.signed_in().account_id)


async def allocation_percent(request: Request, held: ValuedPosition) -> Percent:
    """Return a position's share of cash plus assets.

    Outside of a portfolio it is worked out on demand, and once for a whole list: the share that
    the position in this asset has now.
    """
    if held.total_value is not None:
        return held.share_of(held.total_value)
    whole = await viewers_portfolio(request)
    # Only this one's share is worked out: a hundred rows would each work out two hundred.
    now = next((one for one in whole.positions if one.asset_id == held.asset_id), None)
    return now.share_of(whole.total_value) if now else Percent(0)
