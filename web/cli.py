"""The command line: `cnop serve`, `audit`, `schema` and `export`."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from adapters.audit_reader import Progress
from adapters.table import TableError
from domain.audit import Finding
from schema.api import make_schema
from web import paths
from web.auditing import audit
from web.cli_parser import parsed
from web.exporting import export_lines, written_whole
from web.logs import set_up_logs
from web.serving import StartError, serve
from web.settings import DynamoDbStore, Settings, SqliteStore
from web.settings_reading import read_settings, read_store, unknown_names, with_dotenv
from web.variables import SettingsError

DONE = 0
FOUND = 1
NOT_DONE = 2
INTERRUPTED = 130

ACCOUNTS_BETWEEN_LINES = 1_000
"""Accounts between two lines of an audit's progress: a line every few seconds."""

_DOTENV = Path(".env")
_LOG = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; what goes wrong is one sentence on stderr."""
    options = parsed(arguments)
    try:
        return _COMMANDS[options.command](options)
    except SettingsError as error:
        return _complain(*error.problems)
    except (StartError, TableError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            return _end_quietly()
        return _complain(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the outermost edge)
        _LOG.exception("The command failed.")
        return _complain(f"It failed in a way that nobody foresaw ({type(error).__name__}).")


def _serve(options: argparse.Namespace) -> int:
    environ = _environ(CNOP_HOST=options.host, CNOP_PORT=options.port)
    settings = read_settings(environ)
    set_up_logs(settings.log_level, as_json=settings.is_production)
    for name in unknown_names(environ):
        _tell(f"cnop: {name} is set, but this version has no such setting.")
    serve(settings, lambda url: _announce(settings, url))
    return DONE


def _audit(options: argparse.Namespace) -> int:
    store = _existing_store(options)
    return asyncio.run(_print_audit(store))


async def _print_audit(store: SqliteStore | DynamoDbStore) -> int:
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
            _tell(f"cnop: {_count_of(looked_at)} so far")
    _tell(f"cnop: {findings or 'no'} findings in {_count_of(looked_at)}.")
    return FOUND if findings else DONE


def _count_of(looked_at: Progress) -> str:
    return (
        f"{looked_at.accounts} accounts, {looked_at.entries} journal entries and "
        f"{looked_at.users} users"
    )


def _schema(options: argparse.Namespace) -> int:
    del options
    print(make_schema().as_str())
    return DONE


def _export(options: argparse.Namespace) -> int:
    store = _existing_store(options)
    if isinstance(store, DynamoDbStore):
        return _complain(
            "This version exports SQLite stores; a DynamoDB table has its own export to S3 as of "
            "one instant (aws dynamodb export-table-to-point-in-time)."
        )
    lines = asyncio.run(_write_export(store, options))
    _tell(f"cnop: {lines} items exported.")
    return DONE


async def _write_export(store: SqliteStore, options: argparse.Namespace) -> int:
    lines = 0
    with written_whole(options.output, sys.stdout.buffer) as file:
        async for line in export_lines(store.path, with_secrets=options.with_secrets):
            file.write(line)
            lines += 1
        file.flush()
    return lines


def _existing_store(options: argparse.Namespace) -> SqliteStore | DynamoDbStore:
    set_up_logs("WARNING", as_json=False)
    store = read_store(_environ(CNOP_STORE=options.store))
    if isinstance(store, SqliteStore) and not store.path.is_file():
        raise SettingsError((f"There is no store at {store.path}; see --store and CNOP_STORE.",))
    return store


def _environ(**given: str | None) -> Mapping[str, str]:
    chosen = {name: value for name, value in given.items() if value is not None}
    return with_dotenv(os.environ | chosen, _DOTENV)


def _announce(settings: Settings, url: str) -> None:
    lines = [f"CNOP {version('cnop')} is ready.", f"  API         {url}{paths.GRAPHQL}"]
    if settings.has_playground:
        lines.append(f"  Playground  {url}{paths.PLAYGROUND}")
    lines += [
        f"  Health      {url}{paths.READY}",
        "Try:",
        f"  curl -s {url}{paths.GRAPHQL} -H 'content-type: application/json' \\",
        """    -d '{"query": "{ assets(first: 3) { nodes { id name price } } }"}'""",
        "Ctrl+C stops the server.",
    ]
    print("\n".join(lines), flush=True)


def _complain(*sentences: str) -> int:
    for sentence in sentences:
        _tell(f"cnop: {sentence.rstrip('.')}.")
    return NOT_DONE


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _end_quietly() -> int:
    """End after whoever read the output has gone; Python would complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NOT_DONE


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "audit": _audit,
    "schema": _schema,
    "export": _export,
}
