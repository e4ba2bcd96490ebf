"""The commands on stores: `cnop audit`, `export`, `import` and `store`."""

import argparse
import asyncio
import sys

from adapters.audit_reader import Progress
from domain.audit import Finding
from web.auditing import audit
from web.cli_environment import environ
from web.cli_output import DONE, FOUND, tell
from web.exporting import export_lines, written_whole
from web.importing import import_file
from web.logs import set_up_logs
from web.settings import DynamoDbStore, SqliteStore
from web.settings_reading import read_store
from web.stores import create_store, store_faults
from web.variables import SettingsError

ACCOUNTS_BETWEEN_LINES = 1_000
"""Accounts between two lines of an audit's progress: a line every few seconds."""

ITEMS_BETWEEN_LINES = 10_000
"""Items between two lines of an export's or an import's progress."""


def run_audit(options: argparse.Namespace) -> int:
    """Verify a store."""
    return asyncio.run(_audit(_existing_store(options)))


async def _audit(store: SqliteStore | DynamoDbStore) -> int:
    findings, told_at = 0, 0
    looked_at = Progress(0, 0, 0)
    async for found in audit(store):
        if isinstance(found, Finding):
            findings += 1
            print(found, flush=True)
            continue
        looked_at = found
        if looked_at.accounts >= told_at + ACCOUNTS_BETWEEN_LINES:
            told_at = looked_at.accounts
            tell(f"cnop: {_count_of(looked_at)} so far")
    tell(f"cnop: {findings or 'no'} findings in {_count_of(looked_at)}.")
    return FOUND if findings else DONE


def _count_of(looked_at: Progress) -> str:
    return (
        f"{looked_at.accounts} accounts, {looked_at.entries} journal entries and "
        f"{looked_at.users} users"
    )


def run_export(options: argparse.Namespace) -> int:
    """Write a store as JSON Lines."""
    store = _existing_store(options)
    items = asyncio.run(_export(store, options))
    tell(f"cnop: {items} items exported.")
    return DONE


async def _export(store: SqliteStore | DynamoDbStore, options: argparse.Namespace) -> int:
    lines = 0
    with written_whole(options.output, sys.stdout.buffer) as file:
        async for line in export_lines(store, with_secrets=options.with_secrets):
            file.write(line)
            lines += 1
            if lines % ITEMS_BETWEEN_LINES == 0:
                tell(f"cnop: {lines} items so far")
        file.flush()
    return lines - 1  # the last line only counts the others


def run_import(options: argparse.Namespace) -> int:
    """Put an export into an empty store."""
    told_at = 0

    def progress(items: int) -> None:
        nonlocal told_at
        if items >= told_at + ITEMS_BETWEEN_LINES:
            told_at = items
            tell(f"cnop: {items} items so far")

    done = asyncio.run(
        import_file(
            options.file,
            _named_store(options),
            without_passwords=options.without_passwords,
            progress=progress,
        )
    )
    tell(f"cnop: {done.items} items imported, and read back as they are in the file.")
    if done.users_without_password:
        tell(f"cnop: {done.users_without_password} users have no password and can't sign in.")
    return DONE


def run_store(options: argparse.Namespace) -> int:
    """Make a store, or check it."""
    if options.action == "create":
        print(asyncio.run(create_store(_named_store(options))))
        return DONE
    faults = asyncio.run(store_faults(_existing_store(options)))
    for fault in faults:
        print(fault)
    tell(f"cnop: {len(faults) or 'no'} faults; cnop audit checks what is in the store.")
    return FOUND if faults else DONE


def _named_store(options: argparse.Namespace) -> SqliteStore | DynamoDbStore:
    set_up_logs("WARNING", as_json=False)
    return read_store(environ(CNOP_STORE=options.store))


def _existing_store(options: argparse.Namespace) -> SqliteStore | DynamoDbStore:
    store = _named_store(options)
    if isinstance(store, SqliteStore) and not store.path.is_file():
        raise SettingsError((f"There is no store at {store.path}; see --store and CNOP_STORE.",))
    return store
