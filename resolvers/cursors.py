"""Opaque cursors: a place in one list, with a check that it is of that very list."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

from resolvers.errors import BadInputError

CHECK_BYTES = 8
"""So many that no cursor of another list passes by chance; it is no secret."""

CURSOR_LENGTH_MAX = 400
"""Characters; the longest place is an asset's name and id."""


class Cursors:
    """Makes and reads the cursors of one list: `scope` names its kind, owner, filter and order."""

    def __init__(self, scope: str) -> None:
        self._scope = scope.encode()

    def spell(self, place: str) -> str:
        """Return the cursor of a place."""
        text = place.encode()
        return urlsafe_b64encode(self._check(text) + text).decode().rstrip("=")

    def read(self, cursor: str, argument: str) -> str:
        """Return the place. Raises BadInputError for anything but a cursor of this list."""
        place = self._place(cursor) if len(cursor) <= CURSOR_LENGTH_MAX else None
        if place is None or self.spell(place) != cursor:
            message = (
                f"`{argument}` is no cursor of this list: give one that it answered with, "
                "under the same filter and order."
            )
            raise BadInputError(message)
        return place

    def _place(self, cursor: str) -> str | None:
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            return urlsafe_b64decode(padded)[CHECK_BYTES:].decode()
        except ValueError:
            return None

    def _check(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, digest_size=CHECK_BYTES, key=self._key()).digest()

    def _key(self) -> bytes:
        return hashlib.blake2b(self._scope, digest_size=32).digest()
