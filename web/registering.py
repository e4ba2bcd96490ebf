"""Registering trusted documents: files are read, checked against the schema, and kept."""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from graphql import GraphQLError, specified_rules

from adapters.trusted_documents import TrustedDocumentTable
from domain.ports.trusted_documents import DocumentHash, hash_of
from schema.api import make_schema
from web.settings import DynamoDbStore, SqliteStore
from web.stores import open_store


class DocumentRefusedError(Exception):
    """Nothing was registered: a file is no document of ours; the message says which, and why."""


def documents_in(paths: Iterable[Path]) -> dict[DocumentHash, str]:
    """Return the documents of files by their hashes.

    A file named .json is a manifest: Apollo's (`operations`, each with a `body`), or an object of
    texts by their hashes, as Relay and GraphQL Codegen write it. Any other is one document, to the
    last byte. Raises DocumentRefusedError and OSError.
    """
    documents = make_schema().documents
    found = {}
    for path in paths:
        for text in _texts_in(path):
            try:
                prepared = documents.prepared(text, specified_rules)
            except GraphQLError as error:
                raise DocumentRefusedError(f"{path}: {error.message}") from error
            if prepared.errors:
                raise DocumentRefusedError(f"{path}: {prepared.errors[0].message}")
            found[hash_of(text)] = text
    return found


async def register(store: SqliteStore | DynamoDbStore, texts: Iterable[str]) -> int:
    """Keep documents in a store, and return how many are new. Raises TableError and OutageError."""
    table = await open_store(store, wall_clock_s=time.time)
    try:
        return await TrustedDocumentTable(table).register(texts)
    finally:
        await table.close()


def _texts_in(path: Path) -> Iterable[str]:
    try:
        text = path.read_bytes().decode()
        found = json.loads(text) if path.suffix == ".json" else [text]
    except ValueError as error:  # neither UTF-8 nor JSON
        raise DocumentRefusedError(f"{path}: {error}") from error
    if isinstance(found, dict) and isinstance(found.get("operations"), list):
        found = [one.get("body") if isinstance(one, dict) else None for one in found["operations"]]
    elif isinstance(found, dict):
        found = list(found.values())
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DocumentRefusedError(f"{path}: this is no manifest of documents.")
    return found
