"""Access tokens as JSON Web Tokens, signed with HMAC SHA-256."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt

from adapters.jwt_secrets import JwtSecret
from domain.ids import USER_ID, Ids, SessionId, UserId
from domain.ports.identity import AccessClaims
from domain.sessions import (
    ACCESS_TOKEN_LIFETIME,
    SESSION_ID,
    NotAuthenticatedError,
    NotAuthenticatedReason,
)

ALGORITHM = "HS256"
ISSUER = "cnop"
AUDIENCE = "cnop-api"
TYPE = "access"
REQUIRED_CLAIMS = ("sub", "sid", "iat", "exp", "type", "jti", "iss", "aud")

TOKEN_LENGTH_MAX = 1024
"""Characters; ours have about 500."""

SKEW = timedelta(seconds=60)
"""How far the clock of the process that signed may be ahead of ours."""

_LIFETIME_S = int(ACCESS_TOKEN_LIFETIME.total_seconds())

VERIFIED_MAX = 10_000
"""Tokens whose signature is known to be good, about 10 MB; the oldest is verified anew."""

_FORMAT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]{43})", re.ASCII)
"""The signature of HS256 has 43 characters."""


class JwtAccessTokens:
    """The AccessTokens of HS256: the first secret signs, all verify.

    A token that was verified once isn't verified again until it expires. That spares the signature
    alone: whether the session has ended is asked elsewhere, each time.
    """

    def __init__(
        self, secrets: tuple[JwtSecret, ...], ids: Ids, *, verified_max: int = VERIFIED_MAX
    ) -> None:
        self._signing = secrets[0]
        self._secrets = {one.kid: one.secret for one in secrets}
        self._ids = ids
        self._verified: dict[str, AccessClaims] = {}
        self._verified_max = verified_max

    def issue(self, user_id: UserId, session_id: SessionId, at: datetime) -> str:
        """See AccessTokens."""
        issued_at_s = int(at.timestamp())
        claims = {
            "sub": user_id,
            "sid": session_id,
            "iat": issued_at_s,
            "exp": issued_at_s + _LIFETIME_S,
            "type": TYPE,
            "jti": self._ids.token(),
            "iss": ISSUER,
            "aud": AUDIENCE,
        }
        headers = {"kid": self._signing.kid}
        return jwt.encode(claims, self._signing.secret, ALGORITHM, headers=headers)

    def read(self, token: str, at: datetime) -> AccessClaims:
        """See AccessTokens."""
        claims = self._verified.get(token)
        if claims is None:
            claims = self._verify(token, at)
        if at >= claims.expires_at:
            self._verified.pop(token, None)
            raise NotAuthenticatedError(NotAuthenticatedReason.EXPIRED)
        return claims

    def _verify(self, token: str, at: datetime) -> AccessClaims:
        if len(token) > TOKEN_LENGTH_MAX or not _is_canonical(token):
            raise _invalid()
        try:
            secret = self._secrets.get(str(jwt.get_unverified_header(token).get("kid")))
            if secret is None:
                raise _invalid()
            found = jwt.decode(
                token,
                secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # Time is told by the clock of the domain, not by the library's.
                options={
                    "require": list(REQUIRED_CLAIMS),
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, RecursionError) as error:  # the latter from a header of brackets
            raise _invalid() from error
        claims = _claims(found, at)
        if len(self._verified) >= self._verified_max:
            del self._verified[next(iter(self._verified))]
        self._verified[token] = claims
        return claims


def _claims(found: Mapping[str, object], at: datetime) -> AccessClaims:
    subject, session = found["sub"], found["sid"]
    issued_at_s, expires_at_s = found["iat"], found["exp"]
    if (
        found["type"] != TYPE
        or not (isinstance(subject, str) and USER_ID.fullmatch(subject))
        or not (isinstance(session, str) and SESSION_ID.fullmatch(session))
        or not (isinstance(issued_at_s, int) and isinstance(expires_at_s, int))
        or not 0 < issued_at_s <= int((at + SKEW).timestamp())
        or not 0 < expires_at_s - issued_at_s <= _LIFETIME_S
    ):
        raise _invalid()
    return AccessClaims(
        user_id=UserId(subject),
        session_id=SessionId(session),
        expires_at=datetime.fromtimestamp(expires_at_s, UTC),
    )


def _is_canonical(token: str) -> bool:
    """Tell whether the signature has its one spelling: its last character has two spare bits."""
    match = _FORMAT.fullmatch(token)
    if match is None:
        return False
    return urlsafe_b64encode(urlsafe_b64decode(match[1] + "=")).decode().rstrip("=") == match[1]


def _invalid() -> NotAuthenticatedError:
    return NotAuthenticatedError(NotAuthenticatedReason.INVALID)
