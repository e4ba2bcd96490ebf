"""Opaque cursors: a place in one list, with a check that it is of that very list."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Generic, TypeVar

from resolvers.errors import BadInputError

PlaceT = TypeVar("PlaceT")

CHECK_BYTES = 8
"""So many that no cursor of another list passes by chance; it is no secret."""

CURSOR_LENGTH_MAX = 400
"""Characters; the longest place is an asset's name and id."""


class Cursors(Generic[PlaceT]):
    """Makes and reads the cursors of one list: `scope` names its kind, owner, filter and order.

    `parse` raises ValueError for what `spell` never makes.
    """

    def __init__(
        self, scope: str, *, spell: Callable[[PlaceT], str], parse: Callable[[str], PlaceT]
    ) -> None:
        self._key = hashlib.blake2b(scope.encode(), digest_size=32).digest()
        self._spell = spell
        self._parse = parse

    def spell(self, place: PlaceT) -> str:
        """Return the cursor of a place."""
        return self._sealed(self._spell(place))

    def read(self, cursor: str, argument: str) -> PlaceT:
        """Return the place. Raises BadInputError for anything but a cursor of this list."""
        try:
            return self._parse(self._opened(cursor))
        except ValueError:
            message = (
                f"`{argument}` is no cursor of this list: give one that it answered with, "
                "under the same filter and order."
            )
            raise BadInputError(message) from None

    def _sealed(self, text: str) -> str:
        place = text.encode()
        check = hashlib.blake2b(place, digest_size=CHECK_BYTES, key=self._key).digest()
        return urlsafe_b64encode(check + place).decode().rstrip("=")

    def _opened(self, cursor: str) -> str:
        """Return the text of a cursor that we could have made. Raises ValueError."""
        if len(cursor) > CURSOR_LENGTH_MAX:
            raise ValueError("too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = urlsafe_b64decode(padded)[CHECK_BYTES:].decode()
        if self._sealed(text) != cursor:
            raise ValueError("of another list")
        return text
