"""Automatic persisted queries: a client sends a long document once, and then only its hash."""

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256

from graphql import GraphQLError

from web.graphql_errors import RequestRefusedError

VERSION = 1
"""Source: Apollo, automatic persisted queries; there is no other."""

NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"

CHARACTERS_KEPT_MAX = 16_000_000
"""Of all documents together, so at most 64 MB; a client's whole set has 100,000."""


def hash_in(extensions: Mapping[str, object] | None) -> str | None:
    """Return the hash that a request names, if it names one."""
    asked = (extensions or {}).get("persistedQuery")
    given = asked.get("sha256Hash") if isinstance(asked, dict) else None
    return given if isinstance(given, str) else None


class PersistedQueries:
    """The documents of this process by their hashes; those unused for longest go first.

    A process that doesn't know a hash says so, and the client sends the document again: nothing
    need be shared or kept.
    """

    def __init__(self, *, characters_kept_max: int = CHARACTERS_KEPT_MAX) -> None:
        self._characters_kept_max = characters_kept_max
        self._characters_kept = 0
        self._by_hash: OrderedDict[str, str] = OrderedDict()

    def resolved(self, query: str | None, extensions: Mapping[str, object] | None) -> str | None:
        """Return the document that a request means, whether it sends it or its hash.

        Raises RequestRefusedError for a hash that isn't the document's, and GraphQLError with
        PERSISTED_QUERY_NOT_FOUND for one that is unknown.
        """
        asked = (extensions or {}).get("persistedQuery")
        if asked is None:
            return query
        given = asked.get("sha256Hash") if isinstance(asked, dict) else None
        if not isinstance(asked, dict) or asked.get("version") != VERSION:
            message = f"`persistedQuery` must be an object of version {VERSION}."
            raise RequestRefusedError(400, message, "PERSISTED_QUERY_NOT_SUPPORTED")
        if not isinstance(given, str):
            raise RequestRefusedError(400, "`persistedQuery` must have a `sha256Hash`.")
        if not query:
            return self._found(given)
        if sha256(query.encode()).hexdigest() != given:
            raise RequestRefusedError(400, "The `sha256Hash` is not the hash of the `query`.")
        self._keep(given, query)
        return query

    def _found(self, given: str) -> str:
        query = self._by_hash.get(given)
        if query is None:
            raise GraphQLError("PersistedQueryNotFound", extensions={"code": NOT_FOUND})
        self._by_hash.move_to_end(given)
        return query

    def _keep(self, given: str, query: str) -> None:
        if given in self._by_hash:
            return
        self._by_hash[given] = query
        self._characters_kept += len(query)
        while self._characters_kept > self._characters_kept_max:
            _, oldest = self._by_hash.popitem(last=False)
            self._characters_kept -= len(oldest)
