"""Calls to the table as somebody who counts them sees them."""

from enum import StrEnum
from typing import Protocol

from domain.circuit_breaker import CircuitState


class TableCall(StrEnum):
    """What was asked of the table."""

    GET = "get"
    GET_MANY = "get_many"
    SNAPSHOT = "snapshot"
    QUERY = "query"
    TRANSACT = "transact"
    SCAN = "scan"
    """One step of a scan, which is one item."""


class CallOutcome(StrEnum):
    """What came of a call."""

    ANSWERED = "answered"
    CONDITION_FAILED = "condition_failed"
    """An answer too: somebody else was quicker."""
    REFUSED = "refused"
    """It broke a limit, which is a bug of the caller."""
    UNAVAILABLE = "unavailable"
    """The engine could not be reached; nothing was done."""
    UNKNOWN = "unknown"
    """The engine didn't say what came of a transaction."""
    LATE = "late"
    """There was no answer by the deadline."""
    CROWDED = "crowded"
    """Not sent: no place in the compartment."""
    CIRCUIT_OPEN = "circuit_open"
    """Not sent: the engine has failed too often lately."""
    GIVEN_UP = "given_up"
    """The caller went away, or the engine failed with what is no table's error."""


class TableObserver(Protocol):
    """Is told of every call when it has ended. It must not raise, nor take long."""

    def called(
        self, *, compartment: str, call: TableCall, outcome: CallOutcome, seconds: float
    ) -> None:
        """Take note of a call; `seconds` are the caller's, with the wait for a place."""

    def circuit_changed(self, state: CircuitState) -> None:
        """Take note of whether the table is asked at all."""


class Unobserved:
    """The TableObserver that takes no notes."""

    def called(
        self, *, compartment: str, call: TableCall, outcome: CallOutcome, seconds: float
    ) -> None:
        """Do nothing."""

    def circuit_changed(self, state: CircuitState) -> None:
        """Do nothing."""
