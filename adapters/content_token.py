"""Tokens for transactions that have no id of their own."""

from hashlib import sha256

from adapters.table import TOKEN_CHARACTERS_MAX


def content_token(content: object) -> str:
    """Return a token that equal content shares, and no other content does.

    It is for content that is written once: what goes from A to B and back to A within ten minutes
    would have its last write taken for a repeat of the first.
    """
    return sha256(repr(content).encode()).hexdigest()[:TOKEN_CHARACTERS_MAX]
