"""Candles: an asset's prices over time."""

from typing import Annotated

import strawberry

from domain.candles import CandleInterval
from schema.descriptions import described_enum
from schema.scalars import DateTime, Decimal

described_enum(
    CandleInterval,
    "How long a candle lasts. It begins at a whole multiple of that, in UTC.",
    {
        "ONE_MINUTE": "A minute; kept for 2 days.",
        "FIVE_MINUTES": "Five minutes; kept for 14 days.",
        "ONE_HOUR": "An hour; kept for 400 days.",
        "ONE_DAY": "A UTC day; kept for good.",
    },
)


@strawberry.type(
    description=(
        "The prices of a stretch of time. The newest candle is still open; where no price is known "
        "there is no candle."
    )
)
class Candle:
    """A view of domain.candles.Candle."""

    start: DateTime = strawberry.field(
        description="When it begins; the end, which is the next one's start, is not in it."
    )
    open: Decimal = strawberry.field(description="The first price, in US dollars.")
    high: Decimal = strawberry.field(description="The highest price, in US dollars.")
    low: Decimal = strawberry.field(description="The lowest price, in US dollars.")
    close: Decimal = strawberry.field(description="The last price, in US dollars.")
    volume: Decimal | None = strawberry.field(
        description="What was traded, in units of the asset; null when the market doesn't say."
    )
    is_backfilled: bool = strawberry.field(
        description=(
            "Whether it was made later, from a chart of the market's with a dozen prices or more, "
            "for a time of which the exchange has no prices of its own. `portfolioHistory` counts "
            "none of these."
        )
    )


Interval = Annotated[CandleInterval, strawberry.argument(description="How long each candle lasts.")]
From = Annotated[
    DateTime | None,
    strawberry.argument(
        name="from",
        description=(
            "Begin with the first candle that starts here or later; the newest ones where it is "
            "absent."
        ),
    ),
]
To = Annotated[
    DateTime | None,
    strawberry.argument(name="to", description="Leave out candles that start here or later."),
]
Limit = Annotated[int | None, strawberry.argument(description="How many at most; 1 to 500.")]
