"""Logs: a line of JSON each in production, a readable one on a terminal; never a secret in them."""

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from adapters.audit_log import LOGGER as AUDIT_LOGGER
from adapters.table import TableError
from domain.instants import text_of
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.markets import MarketSourceError

SERVICE = "cnop"

OUR_PACKAGES = ("adapters", "domain", "resolvers", "schema", "subscriptions", "web")

TALKATIVE = ("aiobotocore", "boto3", "botocore", "httpx", "uvicorn")
"""Libraries that tell at INFO what we tell ourselves, or what nobody asks."""

MESSAGE_CHARACTERS_MAX = 2_000
"""Longer messages are cut; no sentence of ours comes near."""

FRAMES_MAX = 30
"""Frames of a traceback, the innermost ones."""

TELLING_ERRORS = (OutageError, OutcomeUnknownError, TableError, MarketSourceError)
"""Errors whose text is ours. Any other may repeat what a user typed, so only its type is logged."""

_SECRETS = re.compile(
    r"(?i:bearer)\s+\S+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JSON Web Token
    r"|usr_\w+\.ses_\w+\.\d+\.[\w-]+"  # a refresh token
    r"|\$argon2\S+"
    r"|[^\s@'\"<>]+@[^\s@'\"<>]+\.[^\s@'\"<>]+"  # an e-mail address
)

_SHOWN_FIELDS = (
    *("action", "user", "duration_ms", "method", "path", "status"),
    *("audit", "session", "account", "version", "kind", "reason"),
)
"""Attributes of a record, given as `extra`, that become fields of a line."""


@dataclass(slots=True)
class RequestNotes:
    """What the lines of one request have in common; whoever learns something notes it here."""

    request_id: str
    user: str | None = None


# The one thing that logging needs to find from anywhere: it belongs to the running task.
current_request: ContextVar[RequestNotes | None] = ContextVar("current_request", default=None)


def set_up_logs(level: str, *, as_json: bool, stream: TextIO | None = None) -> None:
    """Send all logs to one stream, stderr by default.

    Below INFO only our own packages are heard: libraries log whole messages there.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if as_json else ReadableLines())
    handler.addFilter(_without_documents)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.getLevelName(level), logging.INFO))
    # What must be kept doesn't depend on how much somebody wants to read.
    logging.getLogger(AUDIT_LOGGER).setLevel(logging.INFO)
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    for package in OUR_PACKAGES:
        logging.getLogger(package).setLevel(level)


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII, so that no character can forge another line."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {"timestamp": _time_of(record), **_fields(record)}
        if failure := _failure_of(record):
            fields["error"] = {"type": failure.type, "frames": failure.frames}
        return json.dumps(fields, ensure_ascii=True).replace("\x7f", "\\u007f")


class ReadableLines(logging.Formatter):
    """Time, level and message, then what else is known; a traceback on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        level, message = fields.pop("level"), fields.pop("message")
        del fields["service"]
        known = " ".join(f"{name}={value}" for name, value in fields.items())
        time = _time_of(record)[11:-1]
        line = _escaped(f"{time} {level:<7} {message}  {known}".rstrip())
        if failure := _failure_of(record):
            return "\n    ".join([line, *map(_escaped, (failure.type, *failure.frames))])
        return line


def scrubbed(text: str) -> str:
    """Return a text of bounded length without tokens, password hashes and e-mail addresses."""
    return _SECRETS.sub("[removed]", text[:MESSAGE_CHARACTERS_MAX])


def _without_documents(record: logging.LogRecord) -> bool:
    """Replace what Strawberry logs of an error: its text repeats the document, literals and all."""
    if record.name.startswith("strawberry"):
        record.msg, record.args = "A GraphQL operation failed.", ()
    return True


def _fields(record: logging.LogRecord) -> dict[str, object]:
    notes = current_request.get()
    fields: dict[str, object] = {
        "level": record.levelname,
        "service": SERVICE,
        "request_id": notes and notes.request_id,
        "action": record.name,
        "message": scrubbed(record.getMessage()),
        "user": notes and notes.user,
    }
    fields |= {name: value for name in _SHOWN_FIELDS if (value := getattr(record, name, None))}
    return {
        name: scrubbed(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if value is not None
    }


def _time_of(record: logging.LogRecord) -> str:
    return text_of(datetime.fromtimestamp(record.created, UTC))


@dataclass(frozen=True, slots=True)
class _Failure:
    """The types of an error and its causes, and where it happened."""

    type: str
    frames: tuple[str, ...]


def _failure_of(record: logging.LogRecord) -> _Failure | None:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return None
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain and len(chain) < FRAMES_MAX:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    return _Failure(
        " < ".join(map(_name_of, chain)),
        tuple(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames),
    )


def _name_of(error: BaseException) -> str:
    name = type(error).__name__
    return f"{name}: {scrubbed(str(error))}" if isinstance(error, TELLING_ERRORS) else name


def _escaped(text: str) -> str:
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
