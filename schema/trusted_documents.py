"""Trusted documents: where only registered operations run, any other is refused by name."""

from collections.abc import AsyncIterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from domain.outages import OutageError
from domain.ports.trusted_documents import TrustedDocuments, hash_of

DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"


class TrustedOnly(SchemaExtension):
    """Refuses documents that weren't registered, however they came: by HTTP or on a websocket.

    It stands behind the extension that brings the document.
    """

    def __init__(self, trusted: TrustedDocuments) -> None:
        super().__init__()
        self._trusted = trusted

    async def on_validate(self) -> AsyncIterator[None]:
        """Look the document up; nothing else is said of one that isn't known."""
        execution = self.execution_context
        try:
            found = await self._trusted.text(hash_of(execution.query or ""))
        except OutageError as outage:
            message = "The registered documents can't be read."
            execution.pre_execution_errors = [GraphQLError(message, original_error=outage)]
        else:
            if found is None:
                execution.pre_execution_errors = [not_trusted()]
        yield


def not_trusted() -> GraphQLError:
    """Return what whoever sends an unknown document is told."""
    return GraphQLError(
        "This server runs registered documents only, and this one isn't; "
        "`cnop documents register` adds it.",
        extensions={"code": DOCUMENT_NOT_TRUSTED},
    )
