"""All items of a store in use, each account as of one version, with whom it belongs to.

Why it is consistent: accounts are read first, so the user of each is there when users are read
later; an account that came in between is read when its user is. The places of open orders in the
book and in the list of ends come with their accounts. A user is read together with the
claims on its names, as of one instant. A reward is taken only up to its account's version.
"""

from collections.abc import AsyncIterator

from adapters.account_export import AccountExport
from adapters.account_items import STATE
from adapters.book_items import BOOK, EXPIRY, SWEPT
from adapters.identity_items import (
    ACCOUNT,
    account_id_of,
    email_claim_key,
    user_of,
    username_claim_key,
)
from adapters.table import Item, Table, TableUnavailableError
from domain.ids import AccountId

READS_AGAIN_MAX = 8
"""Readings of a user who is being changed."""

_ACCOUNTS = "ACCOUNT#"
_USERS = "USER#"
_CLAIMS = ("USERNAME#", "EMAIL#")
_PLACES = (BOOK, EXPIRY)
_PROFILE = "PROFILE"
_REWARD = "REWARD#"


class StoreExport:
    """Reads a whole store; it remembers each account's version, about 200 bytes an account."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._versions: dict[str, int] = {}

    async def items(self) -> AsyncIterator[Item]:
        """Yield the items, in no promised order.

        It reads the table about three times: two scans, and each account once more. Raises
        TableUnavailableError.
        """
        swept = await self._table.get(SWEPT)
        if swept is not None:
            yield swept  # read before the orders: what it says is swept is not among them
        async for item in self._table.scan(""):
            pk = item.key.pk
            if pk.startswith(_ACCOUNTS):
                if item.key.sk == STATE:
                    async for part in self._account(pk.removeprefix(_ACCOUNTS)):
                        yield part
            elif not pk.startswith((_USERS, *_CLAIMS, *_PLACES)):
                yield item
        async for item in self._table.scan(_USERS):
            async for part in self._of_user(item):
                yield part

    async def _of_user(self, item: Item) -> AsyncIterator[Item]:
        sk = item.key.sk
        if sk == _PROFILE:
            for part in await self._profile(item):
                yield part
            return
        account_id = ""
        if sk.startswith(ACCOUNT):
            account_id = account_id_of(item)
        elif sk.startswith(_REWARD):
            account_id = str(item.attributes.get("account"))
        if account_id and account_id not in self._versions:
            async for part in self._account(account_id):
                yield part
        if sk.startswith(_REWARD):
            version = item.attributes.get("version")
            if isinstance(version, int) and version > self._versions[account_id]:
                return
        yield item

    async def _profile(self, item: Item) -> tuple[Item, ...]:
        """Return a user and its claims as of one instant; nothing when it is gone by then."""
        for _ in range(READS_AGAIN_MAX):
            user = user_of(item)
            claims = (username_claim_key(user.username_key), email_claim_key(user.email_key))
            found = await self._table.snapshot((item.key, *claims))
            latest = found.get(item.key)
            if latest is None:
                return ()
            if latest.attributes.get("version") == item.attributes.get("version"):
                return tuple(found.values())
            item = latest  # it may have other names by now
        raise TableUnavailableError(f"{item.key.pk} changes faster than it can be read")

    async def _account(self, account_id: str) -> AsyncIterator[Item]:
        export = AccountExport(self._table, AccountId(account_id))
        async for item in export.items():
            yield item
        self._versions[account_id] = export.version
