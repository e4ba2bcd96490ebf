"""What the viewer's account was worth over time."""

from domain.portfolio_histories import HistoryTooLongError, PortfolioHistories
from domain.portfolio_history import HistoryRange, PortfolioPoint
from resolvers.context import Request
from resolvers.errors import BadInputError


async def viewers_history(request: Request, asked: HistoryRange) -> tuple[PortfolioPoint, ...]:
    """Return the viewer's points, oldest first. Raises BadInputError."""
    account_id = request.signed_in().account_id
    services = request.services
    histories = PortfolioHistories(
        accounts=services.accounts, candles=services.candles, clock=services.clock
    )
    try:
        return await histories.history(account_id, asked)
    except HistoryTooLongError as error:
        raise BadInputError(f"The account's history can't be shown: {error}.") from error
