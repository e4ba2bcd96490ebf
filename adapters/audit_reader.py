"""Auditing a whole store: every account, and who it belongs to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from adapters.account_audit import AccountReader, read_or_tell
from adapters.account_items import account_key
from adapters.book_audit import stray_places
from adapters.fields import Fields
from adapters.identity_items import (
    ACCOUNT,
    account_id_of,
    claimant_of,
    email_claim_key,
    user_key,
    user_of,
    user_pk,
    username_claim_key,
)
from adapters.journal_items import entry_key, entry_of
from adapters.table import Item, Key, Table
from domain.audit import Finding, reward_findings
from domain.ids import AccountId, UserId
from domain.users import User

REWARD = "REWARD#"
READS_AGAIN_MAX = 3
"""Looks at a user that seems damaged, in case it is only changing while it is read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much has been read so far."""

    accounts: int
    entries: int
    users: int


@dataclass(slots=True)
class _Seen:
    """What is remembered of an audited account until its owner is found."""

    version: int
    rewards: int
    owner: UserId | None = None


async def audit_store(table: Table) -> AsyncIterator[Finding | Progress]:
    """Check all accounts, users and places of open orders, and yield what is wrong as it is found.

    Progress comes after each account and each user, and at the end. It reads only, and may run
    beside a server: each account is checked as of one version. Accounts are remembered, in about
    200 bytes each. Raises TableUnavailableError when the table can't be read.
    """
    async for told in _StoreAudit(table).run():
        yield told


class _StoreAudit:
    """One audit, from the accounts to their owners."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._seen: dict[AccountId, _Seen] = {}
        self._entries = 0
        self._users = 0

    async def run(self) -> AsyncIterator[Finding | Progress]:
        """Check accounts first: whoever owns one is there before it can be seen."""
        for part in (self._accounts, self._owners, self._claims):
            async for told in part():
                yield told
        async for finding in stray_places(self._table):
            yield finding
        for account_id, seen in self._seen.items():
            if seen.owner is None:
                yield Finding(account_id, "it belongs to no user")
            if seen.rewards:
                message = f"{seen.rewards:+d} rewards paid beyond those that users claimed"
                yield Finding(account_id, message)
        yield self._progress()

    def _progress(self) -> Progress:
        return Progress(len(self._seen), self._entries, self._users)

    async def _accounts(self) -> AsyncIterator[Finding | Progress]:
        async for item in self._table.scan(ACCOUNT):
            account_id = AccountId(item.key.pk.removeprefix(ACCOUNT))
            if account_id in self._seen:
                continue
            audit = AccountReader(self._table, account_id)
            async for finding in audit.findings():
                yield finding
            self._seen[account_id] = _Seen(audit.version, audit.rewards)
            self._entries += audit.entries
            yield self._progress()

    async def _owners(self) -> AsyncIterator[Finding | Progress]:
        async for item in self._table.scan("USER#"):
            user_id = UserId(item.key.pk.removeprefix("USER#"))
            if item.key == user_key(user_id):
                async for finding in self._user(user_id):
                    yield finding
                self._users += 1
                yield self._progress()
            elif item.key.sk.startswith(ACCOUNT):
                async for finding in self._owned(user_id, item):
                    yield finding
            elif item.key.sk.startswith(REWARD):
                async for finding in self._reward(user_id, item):
                    yield finding

    async def _user(self, user_id: UserId) -> AsyncIterator[Finding]:
        """Check that a user has both claims and an account; look again before telling."""
        findings: list[Finding] = []
        for _ in range(READS_AGAIN_MAX):
            findings = [finding async for finding in self._user_once(user_id)]
            if not findings:
                return
        for finding in findings:
            yield finding

    async def _user_once(self, user_id: UserId) -> AsyncIterator[Finding]:
        item = await self._table.get(user_key(user_id))
        if item is None:
            return
        user, finding = read_or_tell(item, user_of)
        if finding:
            yield finding
        if user is None:
            return
        if user.id != user_id:
            yield Finding(user_id, f"its record is that of {user.id}")
        for name, key in _claims_of(user).items():
            claim = await self._table.get(key)
            if claim is None:
                yield Finding(user_id, f"the claim on its {name} is missing")
            elif read_or_tell(claim, claimant_of)[0] != user_id:
                yield Finding(user_id, f"the claim on its {name} is not its own")
        owned = await self._table.query(user_pk(user_id), low=ACCOUNT, high=f"{ACCOUNT}~")
        if not owned.items:
            yield Finding(user_id, "it has no account")

    async def _owned(self, user_id: UserId, item: Item) -> AsyncIterator[Finding]:
        account_id, finding = read_or_tell(item, account_id_of)
        if finding:
            yield finding
        if account_id is None:
            return
        if item.key.sk != f"{ACCOUNT}{account_id}":
            yield Finding(f"{item.key.pk}/{item.key.sk}", f"it names {account_id}")
        if await self._table.get(user_key(user_id)) is None:
            yield Finding(user_id, f"it owns {account_id}, and is missing")
        seen = self._seen.get(account_id)
        if seen is None:
            if await self._table.get(account_key(account_id)) is None:
                yield Finding(user_id, f"its account {account_id} is missing")
        elif seen.owner is not None:
            yield Finding(account_id, f"it belongs to {seen.owner} and to {user_id}")
        else:
            seen.owner = user_id

    async def _reward(self, user_id: UserId, item: Item) -> AsyncIterator[Finding]:
        reward, finding = read_or_tell(item, _reward_of)
        if finding:
            yield finding
        if reward is None:
            return
        account_id, version = reward
        stored = await self._table.get(entry_key(account_id, version))
        entry = read_or_tell(stored, entry_of)[0] if stored else None
        name = item.key.sk.removeprefix(REWARD)
        for found in reward_findings(f"{user_id} reward {name}", account_id, version, name, entry):
            yield found
        seen = self._seen.get(account_id)
        if seen and version <= seen.version:
            seen.rewards -= 1

    async def _claims(self) -> AsyncIterator[Finding]:
        """Check that each claim's user has the name that is claimed."""
        for prefix in ("USERNAME#", "EMAIL#"):
            async for item in self._table.scan(prefix):
                user_id, finding = read_or_tell(item, claimant_of)
                if finding:
                    yield finding
                if user_id and not await self._is_claimed(user_id, item.key):
                    # Who it is says enough; the name itself is personal.
                    yield Finding(user_id, f"a claim {prefix} names it, which it doesn't have")

    async def _is_claimed(self, user_id: UserId, key: Key) -> bool:
        """Tell whether the user has the name, or the claim is gone by now."""
        for _ in range(READS_AGAIN_MAX):
            stored = await self._table.get(user_key(user_id))
            user = read_or_tell(stored, user_of)[0] if stored else None
            if user and key in _claims_of(user).values():
                return True
            if await self._table.get(key) is None:
                return True
        return False


def _claims_of(user: User) -> dict[str, Key]:
    return {
        "username": username_claim_key(user.username_key),
        "e-mail address": email_claim_key(user.email_key),
    }


def _reward_of(item: Item) -> tuple[AccountId, int]:
    fields = Fields(item)
    return AccountId(fields.text("account")), fields.whole("version")
