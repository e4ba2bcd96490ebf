"""Telling others that something has changed, so that they look."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

Hint = Mapping[str, str | int]
"""A small message that would survive JSON. Whoever gets it reads the truth elsewhere."""


class HintBus(Protocol):
    """Passes hints by topic to whoever listens, on this process and on others.

    It may lose hints, and of several to one topic a slow listener gets only the latest.
    """

    def publish(self, topic: str, hint: Hint) -> None:
        """Pass a hint on, without waiting and without failing."""

    def subscribe(self, topic: str) -> AbstractContextManager[AsyncIterator[Hint]]:
        """Listen to a topic from now on, until the context is left."""
