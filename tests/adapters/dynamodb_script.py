"""A DynamoDB client that answers and fails as a test tells it to."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from adapters.dynamodb_retry import Retry
from adapters.dynamodb_table import DynamoDbTable
from tests.adapters.conftest import WallClock

Step = Any
"""An answer, an exception to raise, or a function that makes either of the request."""


def failed(code: str, *, status: int = 400, reasons: list[str] | None = None) -> ClientError:
    """Return AWS's error of this code; `reasons` are those of a cancelled transaction."""
    response: Any = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if reasons is not None:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "Operation")


def cancelled(*reasons: str) -> ClientError:
    return failed("TransactionCanceledException", reasons=list(reasons))


class ScriptedClient:
    """Takes one step of the script for each request, whatever the operation, and remembers it."""

    def __init__(self, *script: Step) -> None:
        self._script = list(script)
        self.requests: list[dict[str, Any]] = []
        self.operations: list[str] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        async def send(**request: Any) -> Any:
            self.requests.append(dict(request))
            self.operations.append(operation)
            step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
            if isinstance(step, Exception):
                raise step
            return step

        return send


class Sleeper:
    """Time that passes by being slept."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


def scripted_table(
    *script: Step, sleeper: Sleeper | None = None, wall_clock: WallClock | None = None
) -> tuple[DynamoDbTable, ScriptedClient]:
    """Return a table on a scripted client, and that client. The last step is repeated for ever."""
    sleeper = sleeper or Sleeper()
    client = ScriptedClient(*script)
    retry = Retry(sleep=sleeper.sleep, random=lambda: 0.5, monotonic_s=sleeper)
    table = DynamoDbTable(
        "cnop", low_level=client, wall_clock_s=wall_clock or WallClock(), retry=retry
    )
    return table, client
