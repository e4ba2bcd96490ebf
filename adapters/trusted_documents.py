"""Trusted documents on the table: one item each, under its hash."""

from collections import OrderedDict
from collections.abc import Iterable

from adapters.content_token import content_token
from adapters.fields import Fields
from adapters.outages import translated
from adapters.table import Item, Key, Put, Table
from domain.ports.trusted_documents import DocumentHash, hash_of

KNOWN_MAX = 2_000
"""Documents in memory, about 10 MB at 5,000 characters; those unused for longest go first."""

_SORT_KEY = "DOCUMENT"


class TrustedDocumentTable:
    """The TrustedDocuments of a table. What it has found it remembers, since it never changes."""

    def __init__(self, table: Table, *, known_max: int = KNOWN_MAX) -> None:
        self._table = table
        self._known: OrderedDict[DocumentHash, str] = OrderedDict()
        self._known_max = known_max

    async def text(self, document: DocumentHash) -> str | None:
        """See TrustedDocuments."""
        known = self._known.get(document)
        if known is not None:
            self._known.move_to_end(document)
            return known
        async with translated():
            item = await self._table.get(_key(document))
        if item is None:
            return None
        text = Fields(item).text("text")
        self._known[document] = text
        if len(self._known) > self._known_max:
            self._known.popitem(last=False)
        return text

    async def register(self, texts: Iterable[str]) -> int:
        """See TrustedDocuments."""
        items = {key: Item(key, {"text": text}) for key, text in map(_keyed, texts)}
        async with translated():
            present = await self._table.get_many(items)
            new = [item for key, item in items.items() if key not in present]
            for item in new:
                await self._table.transact([Put(item)], token=content_token(item))
        return len(new)


def _keyed(text: str) -> tuple[Key, str]:
    return _key(hash_of(text)), text


def _key(document: DocumentHash) -> Key:
    return Key(f"DOCUMENT#{document}", _SORT_KEY)
