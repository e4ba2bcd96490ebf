"""Trusted documents: the operations that were registered, and the only ones that may run then."""

from collections.abc import Iterable
from hashlib import sha256
from typing import NewType, Protocol

DocumentHash = NewType("DocumentHash", str)
"""SHA-256 of a document's UTF-8 text, in 64 lower-case hexadecimal digits."""


def hash_of(text: str) -> DocumentHash:
    """Return the hash by which a document is known."""
    return DocumentHash(sha256(text.encode()).hexdigest())


class TrustedDocuments(Protocol):
    """Keeps documents by their hashes; one that was registered stays, and never changes.

    Fails closed: raises OutageError when it can't tell.
    """

    async def text(self, document: DocumentHash) -> str | None:
        """Return a document; None when it wasn't registered."""

    async def register(self, texts: Iterable[str]) -> int:
        """Keep documents and return how many of them are new; registering again is no error."""
