"""Refresh tokens: opaque to clients, derived rather than stored, so that one can be given again."""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from domain.ids import SessionId, UserId

_FORMAT = re.compile(
    r"(usr_[0-9A-Z]{26})\.(ses_[0-9A-Z]{26})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})", re.ASCII
)
"""User, session, generation and 256 secret bits; 117 characters at most."""

_PURPOSE = b"cnop refresh token\0"
"""Keeps these codes apart from the signatures of access tokens under the same secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A refresh token as somebody showed it; nothing of it is proven."""

    user_id: UserId
    session_id: SessionId
    generation: int
    text: str = field(repr=False)

    @property
    def hash(self) -> bytes:
        """What of it may be stored: SHA-256, enough for 256 random bits."""
        return sha256(self.text.encode()).digest()


class RefreshTokens:
    """Derives refresh tokens from the signing secrets: the first makes them, all recognise them."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        self._secrets = secrets

    def made(self, user_id: UserId, session_id: SessionId, generation: int) -> RefreshToken:
        """Return the token of a session's generation; the same each time."""
        return _derived(self._secrets[0], user_id, session_id, generation)

    def made_again(
        self, user_id: UserId, session_id: SessionId, generation: int, token_hash: bytes
    ) -> RefreshToken | None:
        """Return the token that has this hash; None when the secret that made it is gone."""
        for secret in self._secrets:
            token = _derived(secret, user_id, session_id, generation)
            if hmac.compare_digest(token.hash, token_hash):
                return token
        return None

    def read(self, text: str) -> RefreshToken | None:
        """Return what `text` says it is; None when no refresh token looks like it."""
        match = _FORMAT.fullmatch(text)
        if match is None:
            return None
        return RefreshToken(
            user_id=UserId(match[1]),
            session_id=SessionId(match[2]),
            generation=int(match[3]),
            text=text,
        )

    def is_genuine(self, token: RefreshToken) -> bool:
        """Tell whether one of the secrets made the token."""
        made = self.made_again(token.user_id, token.session_id, token.generation, token.hash)
        return made is not None


def _derived(
    secret: bytes, user_id: UserId, session_id: SessionId, generation: int
) -> RefreshToken:
    named = f"{user_id}.{session_id}.{generation}"
    code = hmac.digest(secret, _PURPOSE + named.encode(), sha256)
    text = f"{named}.{urlsafe_b64encode(code).decode().rstrip('=')}"
    return RefreshToken(user_id=user_id, session_id=session_id, generation=generation, text=text)
