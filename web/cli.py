"""The command line: which command runs what, and how each ends."""

import argparse
import logging
from collections.abc import Callable, Mapping

from adapters.table import TableError
from domain.outages import OutageError
from schema.api import make_schema
from schema.client_sdl import client_sdl
from web.cli_documents import run_documents
from web.cli_output import DONE, INTERRUPTED, complain, end_quietly
from web.cli_parser import parsed
from web.cli_serving import run_serve, run_worker
from web.cli_stores import run_audit, run_export, run_import, run_store
from web.importing import ImportRefusedError
from web.listening import StartError
from web.registering import DocumentRefusedError
from web.variables import SettingsError

_LOG = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; what goes wrong is one sentence on stderr."""
    options = parsed(arguments)
    try:
        return _COMMANDS[options.command](options)
    except SettingsError as error:
        return complain(*error.problems)
    except (
        StartError,
        ImportRefusedError,
        DocumentRefusedError,
        OutageError,
        TableError,
        OSError,
    ) as error:
        if isinstance(error, BrokenPipeError):
            return end_quietly()
        return complain(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the outermost edge)
        _LOG.exception("The command failed.")
        return complain(f"It failed in a way that nobody foresaw ({type(error).__name__}).")


def _run_schema(options: argparse.Namespace) -> int:
    sdl = make_schema().as_str()
    print(client_sdl(sdl) if options.reader == "clients" else sdl)
    return DONE


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "serve": run_serve,
    "worker": run_worker,
    "audit": run_audit,
    "schema": _run_schema,
    "documents": run_documents,
    "export": run_export,
    "import": run_import,
    "store": run_store,
}
