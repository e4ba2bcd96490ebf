"""The table in DynamoDB, for any number of server processes."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from itertools import chain, repeat

from botocore.exceptions import BotoCoreError

from adapters import dynamodb_requests as requests
from adapters.dynamodb_client import DynamoDbClient, LowLevelClient
from adapters.dynamodb_codec import Wire, decode_item, encode_key
from adapters.dynamodb_connection import CONNECTIONS_MAX, connect
from adapters.dynamodb_retry import Retry
from adapters.dynamodb_setup import create_table, table_faults
from adapters.table import (
    Index,
    Item,
    Key,
    Page,
    Position,
    TableError,
    TableOutcomeUnknownError,
    TableRefusedError,
    TableUnavailableError,
    Write,
)
from adapters.table_limits import (
    check_key,
    check_keys,
    check_snapshot,
    check_transaction,
)
from adapters.table_span import Span

BATCH_MAX = 100
"""Keys in one BatchGetItem. Source: DynamoDB service quotas."""

QUERY_ROUNDS_MAX = 1_000
"""Requests for one page.

All but the first bring up to a megabyte each, so only a gigabyte of expired items exhausts them.
"""

UNSETTLED_MAX = 1_000
"""Transactions whose outcome is unknown and whose request is kept for a repeat."""


class DynamoDbTable:
    """The `Table` on DynamoDB. Made by `open`."""

    def __init__(
        self,
        name: str,
        *,
        low_level: LowLevelClient,
        wall_clock_s: Callable[[], float],
        retry: Retry,
        resources: AsyncExitStack | None = None,
    ) -> None:
        self._name = name
        self._low_level = low_level
        self._client = DynamoDbClient(low_level, retry=retry)
        self._retry = retry
        self._wall_clock_s = wall_clock_s
        self._resources = resources or AsyncExitStack()
        self._unsettled: OrderedDict[str, tuple[tuple[Write, ...], Wire]] = OrderedDict()

    @classmethod
    async def open(
        cls,
        name: str,
        *,
        wall_clock_s: Callable[[], float],
        retry: Retry | None = None,
        connections_max: int = CONNECTIONS_MAX,
        validate_parameters: bool = False,
    ) -> "DynamoDbTable":
        """Open the table `name` with AWS's own settings for region, credentials and endpoint.

        Nothing is sent yet: whether the table exists shows with the first request. Raises
        TableUnavailableError when there is no region, or the endpoint is no address.
        """
        resources = AsyncExitStack()
        try:
            low_level = await resources.enter_async_context(
                connect(connections_max=connections_max, validate_parameters=validate_parameters)
            )
        except BotoCoreError as error:
            raise TableUnavailableError(f"DynamoDB: {error}") from error
        except ValueError as error:  # all that botocore says of an address that is none
            raise TableUnavailableError(f"DynamoDB: {error} (see AWS_ENDPOINT_URL)") from error
        return cls(
            name,
            low_level=low_level,
            wall_clock_s=wall_clock_s,
            retry=retry or Retry(),
            resources=resources,
        )

    async def create_table(self) -> bool:
        """Make the table with its indexes and its expiry, or check that it is there.

        Tell whether it wasn't there before.
        """
        return await create_table(self._client, self._name)

    async def faults(self) -> tuple[str, ...]:
        """Return in sentences what is wrong with the table itself."""
        return await table_faults(self._client, self._name)

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:
        check_key(key)
        request = {"TableName": self._name, "Key": encode_key(key), "ConsistentRead": strong}
        answer = await self._client.read(self._low_level.get_item, request)
        return self._live([answer["Item"]]).get(key) if "Item" in answer else None

    async def get_many(self, keys: Iterable[Key], *, strong: bool = True) -> dict[Key, Item]:
        distinct = check_keys(keys)
        batches = [
            distinct[start : start + BATCH_MAX] for start in range(0, len(distinct), BATCH_MAX)
        ]
        found: dict[Key, Item] = {}
        for items in await asyncio.gather(
            *(self._batch(batch, strong=strong) for batch in batches)
        ):
            found |= items
        return found

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        distinct = check_snapshot(keys)
        if not distinct:
            return {}
        gets = [{"Get": {"TableName": self._name, "Key": encode_key(key)}} for key in distinct]
        answer = await self._client.read(
            self._low_level.transact_get_items, {"TransactItems": gets}
        )
        return self._live(found["Item"] for found in answer["Responses"] if found.get("Item"))

    async def query(
        self,
        pk: str,
        *,
        index: Index = Index.MAIN,
        low: str | None = None,
        high: str | None = None,
        after: Position | None = None,
        reverse: bool = False,
        limit: int = 100,
        strong: bool = True,
    ) -> Page:
        span = Span.of(
            pk, index=index, low=low, high=high, after=after, reverse=reverse, limit=limit
        )
        if span is None:
            return Page((), more=False)
        request = requests.query(self._name, span, now_s=self._now_s(), strong=strong)
        items: list[Item] = []
        # DynamoDB counts its limit before it leaves out what expired. One more than asked for
        # tells whether more follow; if that was not enough, whole pages are read.
        limits = chain([{"Limit": limit + 1}], repeat({}, QUERY_ROUNDS_MAX))
        for limited in limits:
            answer = await self._client.read(self._low_level.query, request | limited)
            items += map(decode_item, answer["Items"])
            request["ExclusiveStartKey"] = answer.get("LastEvaluatedKey")
            if request["ExclusiveStartKey"] is None or len(items) > limit:
                return Page(tuple(items[:limit]), more=len(items) > limit)
        raise TableUnavailableError(f"{pk} has too many expired items")

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        check_transaction(writes, token)
        in_doubt = token in self._unsettled
        request = self._transaction(tuple(writes), token)
        try:
            await self._client.write(request, [write.key for write in writes], in_doubt=in_doubt)
        except TableOutcomeUnknownError:
            raise
        except TableError:
            self._unsettled.pop(token, None)
            raise
        self._unsettled.pop(token, None)

    async def scan(self, prefix: str) -> AsyncIterator[Item]:
        request = requests.scan(self._name, prefix, now_s=self._now_s())
        while True:
            answer = await self._client.read(self._low_level.scan, request)
            for wire in answer["Items"]:
                yield decode_item(wire)
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def close(self) -> None:
        if await self._client.close():
            await self._resources.aclose()

    def _now_s(self) -> int:
        return int(self._wall_clock_s())

    def _live(self, wires: Iterable[Wire]) -> dict[Key, Item]:
        now_s = self._now_s()
        items = map(decode_item, wires)
        return {
            item.key: item
            for item in items
            if item.expires_at_s is None or item.expires_at_s > now_s
        }

    async def _batch(self, keys: Sequence[Key], *, strong: bool) -> dict[Key, Item]:
        wanted: Wire = {
            self._name: {"Keys": [encode_key(key) for key in keys], "ConsistentRead": strong}
        }
        patience = self._retry.start()
        found: dict[Key, Item] = {}
        while True:
            answer = await self._client.read(
                self._low_level.batch_get_item, {"RequestItems": wanted}
            )
            found |= self._live(answer["Responses"].get(self._name, ()))
            wanted = answer.get("UnprocessedKeys", {})
            if not wanted:
                return found
            if not await patience.wait():
                raise TableUnavailableError("DynamoDB leaves keys of a batch unread")

    def _transaction(self, writes: tuple[Write, ...], token: str) -> Wire:
        """Return the request, the very same one for a repeat of an unsettled transaction.

        A request carries the time, for expiry; with another time AWS would take the repeat for
        another transaction under the same token.
        """
        known, request = self._unsettled.get(token, (writes, None))
        if known != writes:
            raise TableRefusedError(f"the token {token} names another transaction")
        if request is None:
            request = requests.transaction(self._name, writes, token=token, now_s=self._now_s())
            self._unsettled[token] = (writes, request)
            if len(self._unsettled) > UNSETTLED_MAX:
                self._unsettled.popitem(last=False)
        return request
