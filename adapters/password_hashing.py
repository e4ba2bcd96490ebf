"""Passwords hashed with argon2id, in a few threads beside the event loop."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import (
    HashingError,
    InvalidHashError,
    VerificationError,
    VerifyMismatchError,
)
from argon2.low_level import Type

from domain.outages import OutageError
from domain.ports.identity import BusyError

ResultT = TypeVar("ResultT")

THREADS = 2
"""Hashes at once, 19 MiB each; the library lets go of the interpreter while it works."""

WAITING_MAX = 256
"""Hashes that may wait: with 2 threads at 25 ms each, the last one waits about 3 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Parameters:
    """The work of one hash. Defaults: OWASP Password Storage Cheat Sheet, argon2id."""

    memory_kib: int = 19456
    passes: int = 2
    lanes: int = 1
    salt_bytes: int = 16
    hash_bytes: int = 32


class Argon2Hashing:
    """The PasswordHasher of argon2id."""

    def __init__(
        self,
        parameters: Argon2Parameters | None = None,
        *,
        threads: int = THREADS,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        chosen = parameters or Argon2Parameters()
        self._argon2 = Argon2(
            time_cost=chosen.passes,
            memory_cost=chosen.memory_kib,
            parallelism=chosen.lanes,
            hash_len=chosen.hash_bytes,
            salt_len=chosen.salt_bytes,
            type=Type.ID,
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._accepted_max = threads + waiting_max
        self._accepted = 0
        self._decoy_hash = self._argon2.hash(secrets.token_hex(16))

    @property
    def decoy_hash(self) -> str:
        """See PasswordHasher."""
        return self._decoy_hash

    async def hash(self, password: str) -> str:
        """See PasswordHasher. Raises OutageError when there is no memory."""
        return await self._beside(lambda: self._hashed(password))

    async def verify(self, password: str, password_hash: str) -> bool:
        """See PasswordHasher. Raises OutageError when the hash can't be read."""
        return await self._beside(lambda: self._verified(password, password_hash))

    def is_outdated(self, password_hash: str) -> bool:
        """See PasswordHasher."""
        return self._argon2.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Finish the hashes at work, drop those that wait, and let the threads go."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _beside(self, work: Callable[[], ResultT]) -> ResultT:
        if self._accepted >= self._accepted_max:
            raise BusyError(f"{self._accepted} password hashes are waiting; no more may wait")
        self._accepted += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._accepted -= 1

    def _hashed(self, password: str) -> str:
        try:
            return self._argon2.hash(password)
        except HashingError as error:
            raise OutageError(f"a password could not be hashed: {error}") from error

    def _verified(self, password: str, password_hash: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, UnicodeEncodeError, VerificationError) as error:
            raise OutageError(f"a stored password hash could not be verified: {error}") from error
