"""Whose pages may speak to the server from a browser."""

from dataclasses import dataclass
from typing import Final

ANY_PORT: Final = ":*"

THIS_MACHINE = ("http://localhost:*", "http://127.0.0.1:*")
"""Where a front end runs while it is being written."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Origins such as https://app.example.com; a port may be `*`, and `*` alone is everybody."""

    names: tuple[str, ...]

    @property
    def is_everybody(self) -> bool:
        """Tell whether all pages may."""
        return "*" in self.names

    def allow(self, origin: str) -> bool:
        """Tell whether a page of this origin may."""
        given = origin.lower()
        if self.is_everybody or given in self.names:
            return True
        # A default port isn't written in an origin.
        head, _, port = given.rpartition(":")
        without_port = head if port.isdigit() else given
        return without_port + ANY_PORT in self.names
