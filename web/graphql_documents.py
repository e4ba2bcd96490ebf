"""The document that a request means, whether it sends it or names it by its hash."""

import re

from strawberry.http import GraphQLRequestData

from domain.outages import OutageError
from domain.ports.trusted_documents import DocumentHash, TrustedDocuments
from schema.trusted_documents import not_trusted
from web.graphql_errors import SERVICE_UNAVAILABLE, RequestRefusedError
from web.graphql_persisted_queries import PersistedQueries, hash_in


class NamedDocuments:
    """Registered documents where only those run, persisted queries elsewhere; on every transport.

    A document that is sent along is let through: whether it may run is the schema's to say.
    """

    def __init__(self, trusted: TrustedDocuments | None) -> None:
        self._trusted = trusted
        self._persisted = PersistedQueries()

    async def text(self, data: GraphQLRequestData) -> str | None:
        """Return the document; None where there is neither a text nor a hash.

        Raises GraphQLError for a hash that nobody knows, and RequestRefusedError for one that isn't
        the document's, or while the registered ones can't be read.
        """
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
