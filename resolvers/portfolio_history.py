"""What the viewer's account was worth over time."""

from domain.portfolio_histories import HistoryTooLongError
from domain.portfolio_history import HistoryRange, PortfolioPoint
from resolvers.context import Request
from resolvers.errors import BadInputError


async def viewers_history(request: Request, asked: HistoryRange) -> tuple[PortfolioPoint, ...]:
    """Return the viewer's points, oldest first. Raises BadInputError."""
    account_id = request.signed_in().account_id
    try:
        return await request.loaders.histories.load((account_id, asked))
    except HistoryTooLongError as error:
        raise BadInputError(f"The account's history can't be shown: {error}.") from error
