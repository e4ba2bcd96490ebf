"""The table's errors in the domain's words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.table import (
    ConditionFailedError,
    TableOutcomeUnknownError,
    TableUnavailableError,
)
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.accounts import ChangeConflictError


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Translate what the table raises; a refused request is a bug and passes as it is."""
    try:
        yield
    except ConditionFailedError as error:
        raise ChangeConflictError(str(error)) from error
    except TableUnavailableError as error:
        raise OutageError(str(error)) from error
    except TableOutcomeUnknownError as error:
        raise OutcomeUnknownError(str(error)) from error
