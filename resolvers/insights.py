"""What a language model says about the viewer's own portfolio."""

from domain.insight_prompts import ORDERS_TOLD_MAX
from domain.insight_results import InsightsUnavailable, PortfolioInsights
from domain.orders import seen_from
from domain.pages import OrderFilter, Stretch
from resolvers.accounts import viewers_portfolio
from resolvers.context import Request


async def portfolio_insights(request: Request) -> PortfolioInsights | InsightsUnavailable:
    """Return a few sentences about the viewer's portfolio and latest orders, or why none."""
    viewer = request.signed_in()
    portfolio = await viewers_portfolio(request)
    latest = await request.services.accounts.orders_where(
        viewer.account_id, OrderFilter(), Stretch(limit=ORDERS_TOLD_MAX)
    )
    orders = [seen_from(order, portfolio.account) for order in latest.items]
    return await request.services.insights.about(viewer.user_id, portfolio, orders)
