"""The secrets that sign tokens: read from a setting, or made once and kept in a file."""

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

SECRET_BYTES_MIN = 32
"""A key as long as the code it makes. Source: RFC 7518, 3.2."""

SECRETS_MAX = 10
"""Secrets at once: the one in use, and those whose tokens still live (at most 30 days)."""

_KID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class JwtSecretError(ValueError):
    """The secrets can't be used; the message says which and why, and never repeats one."""


@dataclass(frozen=True, slots=True)
class JwtSecret:
    """A signing secret and its public name."""

    kid: str
    secret: bytes = field(repr=False)


def parsed(text: str, source: str = "CNOP_JWT_SECRET") -> tuple[JwtSecret, ...]:
    """Return the secrets of comma-separated `kid:secret` pairs; the first one signs.

    Raises JwtSecretError that names `source`.
    """
    pairs = [pair.strip() for pair in text.split(",")]
    if not any(pairs):
        raise JwtSecretError(f"{source} is empty; it needs at least one kid:secret pair.")
    if len(pairs) > SECRETS_MAX:
        raise JwtSecretError(
            f"{source} has {len(pairs)} secrets; at most {SECRETS_MAX} are allowed."
        )
    found = tuple(_parsed_pair(pair, number, source) for number, pair in enumerate(pairs, start=1))
    kids = [one.kid for one in found]
    twice = sorted({kid for kid in kids if kids.count(kid) > 1})
    if twice:
        raise JwtSecretError(f"{source} has two secrets named {twice[0]}; each needs its own name.")
    return found


def kept(path: Path) -> tuple[JwtSecret, ...]:
    """Return the secret of a file, which is made if there is none, readable by its owner alone.

    Of any number of processes that start at once, one makes it and all read the same. Raises
    JwtSecretError when the file holds no secret, and OSError when it can't be read or made.
    """
    if not path.exists():
        _make(path)
    try:
        return parsed(path.read_text(encoding="ascii").strip(), str(path))
    except UnicodeDecodeError as error:
        raise JwtSecretError(f"{path} is no text; remove it to have a new one made.") from error


def _parsed_pair(pair: str, number: int, source: str) -> JwtSecret:
    kid, colon, secret_text = pair.partition(":")
    if not colon:
        raise JwtSecretError(f"Secret {number} of {source} is no kid:secret pair.")
    if not _KID.fullmatch(kid):
        raise JwtSecretError(
            f"The name of secret {number} of {source} may have 1 to 64 letters, digits, '.', '_' "
            "and '-'."
        )
    secret = secret_text.encode("utf-8", "surrogateescape")
    if len(secret) < SECRET_BYTES_MIN:
        raise JwtSecretError(
            f"Secret {kid} of {source} has {len(secret)} bytes; at least {SECRET_BYTES_MIN} are "
            "needed."
        )
    return JwtSecret(kid, secret)


def _make(path: Path) -> None:
    """Write a new secret aside and link it into place, which fails where one is already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    line = f"made-{secrets.token_hex(4)}:{secrets.token_urlsafe(SECRET_BYTES_MIN)}\n"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(aside)
    except FileExistsError:
        pass  # another process was first: its secret counts
    finally:
        aside.unlink()
