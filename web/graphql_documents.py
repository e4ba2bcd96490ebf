"""The document that a request means, whether it sends it or names it by its hash."""

import re

from strawberry.http import GraphQLRequestData

from domain.outages import OutageError
from domain.ports.trusted_documents import DocumentHash
from schema.api import Schema
from schema.trusted_documents import not_trusted
from web.graphql_errors import RATE_LIMITED, SERVICE_UNAVAILABLE, RequestRefusedError
from web.graphql_persisted_queries import PersistedQueries, hash_in
from web.metrics import Metrics
from web.request_counts import RequestCounts

CHARACTERS_PER_REQUEST = 100
"""Of a document that has yet to be parsed and validated: each hundred are as much work as a
request, at 1 ms. The documents of a client are learnt once; new ones are what an attacker sends."""


class RequestedDocuments:
    """Registered documents where only those run, persisted queries elsewhere; on every transport.

    A document that is sent along is let through: whether it may run is the schema's to say.
    """

    def __init__(self, schema: Schema, counts: RequestCounts | None, metrics: Metrics) -> None:
        self._trusted = schema.trusted
        self._prepared = schema.documents
        self._counts = counts
        self._metrics = metrics
        self._persisted = PersistedQueries()

    async def text(self, data: GraphQLRequestData, address: str) -> str | None:
        """Return the document; None where there is neither a text nor a hash.

        Raises GraphQLError for a hash that nobody knows, and RequestRefusedError for one that isn't
        the document's, while the registered ones can't be read, and for too many new ones.
        """
        text = await self._text(data)
        if text and self._counts and not self._prepared.knows(text):
            standing = self._counts.count(address, len(text) // CHARACTERS_PER_REQUEST)
            if not standing.is_within:
                self._metrics.refused.inc()
                headers = {"retry-after": str(standing.wait_s)}
                raise RequestRefusedError(429, standing.advice, RATE_LIMITED, headers)
        return text

    async def _text(self, data: GraphQLRequestData) -> str | None:
        named = hash_in(data.extensions)
        if self._trusted is None or data.query or named is None:
            return self._persisted.resolved(data.query, data.extensions)
        try:
            found = await self._trusted.text(DocumentHash(named)) if _is_hash(named) else None
        except OutageError as error:
            message = "The registered documents can't be read at present. Try again soon."
            raise RequestRefusedError(503, message, SERVICE_UNAVAILABLE) from error
        if found is None:
            raise not_trusted()
        return found


_is_hash = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch
"""Nothing else is asked of the store: its keys have a bound."""
