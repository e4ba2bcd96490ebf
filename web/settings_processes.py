"""Reading how many processes serve, and what they have in common."""

from urllib.parse import urlsplit

from web.settings import DynamoDbStore, SqliteStore
from web.variables import Variables

WORKERS_MAX = 256
"""More than any machine has cores: each worker keeps one busy."""

_SCHEMES = ("redis", "rediss", "unix")
_REDIS_ALLOWED = "redis://HOST:PORT/NUMBER, rediss://HOST:PORT/NUMBER or unix:///PATH"


def read_redis_url(variables: Variables) -> str | None:
    """Return where Redis is. A bad address isn't repeated: it may hold a password."""
    found = variables.text("CNOP_REDIS_URL")
    if not found:
        return None
    if not _is_redis_url(found):
        variables.problem(f"CNOP_REDIS_URL is no address of Redis; {_REDIS_ALLOWED} is allowed.")
    return found


def read_workers(
    variables: Variables, store: SqliteStore | DynamoDbStore, redis_url: str | None
) -> int:
    """Return how many processes shall serve; several need a store and a bus in common."""
    workers = variables.whole("CNOP_WORKERS", 1, least=1, most=WORKERS_MAX)
    if workers > 1 and isinstance(store, SqliteStore):
        variables.problem(
            f"CNOP_WORKERS is {workers}, but an SQLite store serves one process; 1 is allowed. For "
            "more, keep the data in DynamoDB: CNOP_STORE=dynamodb:TABLE."
        )
    elif workers > 1 and redis_url is None:
        variables.problem(
            f"CNOP_WORKERS is {workers}, but CNOP_REDIS_URL is missing; without Redis, 1 is "
            f"allowed. For more, say where it is: {_REDIS_ALLOWED}."
        )
    return workers


def _is_redis_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    if url.scheme not in _SCHEMES or any(character.isspace() for character in text):
        return False
    if url.scheme == "unix":
        return bool(url.path.strip("/"))
    database = url.path.strip("/")
    return bool(url.hostname) and port != 0 and (not database or database.isdigit())
