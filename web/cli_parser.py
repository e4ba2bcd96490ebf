"""What the command line takes, and what `--help` says of it."""

import argparse
from importlib.metadata import version
from pathlib import Path

_CODES = """\
exit codes:
  0    done; of an audit or a check: nothing is wrong
  1    of an audit or a check: something is wrong
  2    it could not be done; a sentence on stderr says why
  130  interrupted from the keyboard
"""

_SERVE = """\
Start the server. Settings come from the environment and, in development, from
a file named .env; README.md lists them. Without any, the server listens on
127.0.0.1:8000, keeps its data in var/cnop.db and simulates a market.

With --clock replay the market lives in the time of a recording, which
CNOP_MARKET=replay:PATH names and CNOP_REPLAY_SPEED plays: orders and their ends,
days and their allowances, candles and the age of prices go by it. The time is
that of the last price, so it stands still between two of them, and for good
after the last. A restart goes on where it was; time never goes back, so each
recording needs a store of its own. Tokens and sessions live in real time.

SIGTERM and Ctrl+C stop it: what was accepted is answered, sockets are closed,
the store is closed, and the exit code is 0.
"""

_AUDIT = """\
Check everything that must always hold of a store: journals without gaps whose
legs sum to zero, accounts and positions as their journals make them, orders,
keys, rewards, users and claims. It only reads, also beside a running server.
Findings go to stdout, one a line as PLACE: MESSAGE, progress to stderr.
"""

_SCHEMA = """\
Print the GraphQL schema: for gateways as a subgraph of Apollo Federation 2, for
clients as GraphQL alone, which is what code generators and editors take and
what the server shows at /schema.graphql.
"""

_DOCUMENTS = """\
Keep documents in a store, for servers with CNOP_TRUSTED_DOCUMENTS=only: they
run these alone. A FILE is one document, to the last byte, or a manifest whose
name ends in .json: Apollo's, or an object of texts by their hashes. Each is
checked against the schema first, and nothing is kept if one is wrong. Doing it
again changes nothing. Prints the hashes. An SQLite store takes them while no
server runs on it, a DynamoDB table at any time.
"""

_EXPORT = """\
Write a store as JSON Lines, also beside a running server. An SQLite store is
written as of one instant, a DynamoDB table account by account: the state at
version n beside the journal 1 to n. Each line has the form of DynamoDB's own
exports; amounts are digits in the smallest units; the last line counts the
others. What is written holds personal data.
"""

_IMPORT = """\
Put the lines of an export into an empty store, which is made if there is none.
The file is checked first, and nothing is written if a line is wrong; the store
is read back in the end. No server may run on it meanwhile. An import that was
interrupted leaves a store to be removed.
"""

_STORE = """\
create: make the store, and return when it is ready. One that is there already
is left as it is, after a look at whether it fits.
check: say what is wrong with the store itself: a table's keys, indexes and
expiry, or a file's pages. What is in it is for cnop audit.
"""


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of a command, whose name is `command`; exits on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="cnop",
        description="A paper-trading exchange for crypto assets behind one GraphQL API.",
        epilog=f"cnop COMMAND --help tells more.\n\n{_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"cnop {version('cnop')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, summary: str, description: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=summary,
            description=description,
            epilog=_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    serving = command("serve", "start the server", _SERVE)
    serving.add_argument("--host", help="instead of CNOP_HOST")
    serving.add_argument("--port", help="instead of CNOP_PORT; 0 takes a free one")
    serving.add_argument(
        "--clock",
        choices=("wall", "replay"),
        help="instead of CNOP_CLOCK: what time it is in the market",
    )

    # No `help`: only `cnop serve` starts workers, so no list names them.
    worker = commands.add_parser("worker", description="What cnop serve starts CNOP_WORKERS of.")
    for name in ("--number", "--listener", "--lifeline"):
        worker.add_argument(name, type=int, required=True)
    worker.add_argument("--beat-every-s", type=float, required=True)

    auditing = command("audit", "verify every invariant of a store", _AUDIT)
    _add_store(auditing)

    schema = command("schema", "print the GraphQL schema", _SCHEMA)
    schema.add_argument(
        "--for",
        dest="reader",
        choices=("gateways", "clients"),
        default="gateways",
        help="who reads it",
    )

    documents = command("documents", "register trusted documents", _DOCUMENTS)
    documents.add_argument("action", choices=("register",))
    documents.add_argument("files", type=Path, metavar="FILE", nargs="+")
    _add_store(documents)

    exporting = command("export", "write a store as JSON Lines", _EXPORT)
    _add_store(exporting)
    exporting.add_argument(
        "--output", type=Path, metavar="FILE", help="instead of stdout; written whole or not at all"
    )
    exporting.add_argument(
        "--with-secrets",
        action="store_true",
        help="include password hashes and sessions, as a complete backup needs them",
    )

    importing = command("import", "put an export into an empty store", _IMPORT)
    importing.add_argument("file", type=Path, metavar="FILE", help="what cnop export has written")
    _add_store(importing)
    importing.add_argument(
        "--without-passwords",
        action="store_true",
        help="take a file without password hashes: its users can't sign in",
    )

    storing = command("store", "make a store, or check it", _STORE)
    storing.add_argument("action", choices=("create", "check"))
    _add_store(storing)
    return parser.parse_args(arguments)


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", help="instead of CNOP_STORE, such as sqlite:backup/cnop.db")
