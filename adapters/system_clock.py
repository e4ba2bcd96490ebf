"""The machine's own clock."""

from datetime import UTC, datetime

from domain.instants import to_ms


class SystemClock:
    """The Clock of the machine, in UTC."""

    def now(self) -> datetime:
        """See Clock."""
        return to_ms(datetime.now(UTC))
