"""The viewer's own account, what it may still move today, and what it is worth."""

from domain.accounts import Account
from domain.assets import Asset
from domain.funds import Allowance, deposit_allowance, withdrawal_allowance
from domain.ids import AccountId, AssetId
from domain.money import Percent
from domain.portfolios import Portfolio, ValuedPosition, portfolio
from domain.ports.accounts import Holdings
from resolvers.context import Request


async def account(request: Request) -> Account | None:
    """Return the viewer's account."""
    return await request.services.accounts.account(request.signed_in().account_id)


async def own_account(request: Request, account_id: str) -> Account | None:
    """Return an account if it is the viewer's; somebody else's looks like a missing one."""
    viewer = request.viewer
    if viewer is None or viewer.account_id != account_id:
        return None
    return await request.services.accounts.account(AccountId(account_id))


def deposit_allowance_of(request: Request, account: Account) -> Allowance:
    """Return what may still be deposited today."""
    limit = request.services.rules.daily_deposit_limit
    return deposit_allowance(account, limit, request.now().date())


def withdrawal_allowance_of(request: Request, account: Account) -> Allowance:
    """Return what may still be withdrawn today."""
    limit = request.services.rules.daily_withdrawal_limit
    return withdrawal_allowance(account, limit, request.now().date())


async def viewers_portfolio(request: Request) -> Portfolio:
    """Return the viewer's account and positions, valued at one set of prices."""
    holdings = await request.services.accounts.holdings(request.signed_in().account_id)
    return portfolio(
        holdings.account,
        holdings.positions,
        await _assets_in(request, holdings),
        request.now(),
    )


async def _assets_in(request: Request, holdings: Holdings) -> dict[AssetId, Asset]:
    """Return the assets of all positions: one batch, and none of it awaited between prices."""
    ids = [position.asset_id for position in holdings.positions]
    found = await request.loaders.assets.load_many(ids)
    return {asset.id: asset for asset in found if asset is not None}


async def allocation_percent(request: Request, held: ValuedPosition) -> Percent:
    """Return a position's share of cash plus assets; in a payload it is worked out on demand."""
    total = held.total_value
    if total is None:
        total = (await viewers_portfolio(request)).total_value
    return held.share_of(total)
