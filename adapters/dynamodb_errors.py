"""What each of AWS's errors says about a request: done or not, and whether to send it again."""

from collections.abc import Sequence
from enum import Enum

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)

from adapters.table import (
    ConditionFailedError,
    Key,
    TableError,
    TableOutcomeUnknownError,
    TableRefusedError,
    TableUnavailableError,
)


class Verdict(Enum):
    """What is known about a request that failed."""

    NOT_DONE = "nothing was done, and sending it again may help"
    UNSURE = "it may have been done, and sending it again tells"
    UNAVAILABLE = "nothing was done, and sending it again is of no use"
    REFUSED = "nothing was done, as the request breaks a limit"
    CONDITION_FAILED = "nothing was done, as conditions did not hold"
    TOKEN_TAKEN = "another request was accepted under the same token"  # noqa: S105 - no secret


CODES = {
    "LimitExceededException": Verdict.NOT_DONE,
    "ProvisionedThroughputExceededException": Verdict.NOT_DONE,
    "RequestLimitExceeded": Verdict.NOT_DONE,
    "ThrottlingException": Verdict.NOT_DONE,
    "TransactionConflictException": Verdict.NOT_DONE,
    "InternalServerError": Verdict.UNSURE,
    "InternalFailure": Verdict.UNSURE,
    "ServiceUnavailable": Verdict.UNSURE,
    # An earlier sending is still being worked on.
    "TransactionInProgressException": Verdict.UNSURE,
    "IdempotentParameterMismatchException": Verdict.TOKEN_TAKEN,
    "ItemCollectionSizeLimitExceededException": Verdict.REFUSED,
    "ValidationException": Verdict.REFUSED,
}
"""Codes of whole requests; others are UNSURE from status 500 on, and UNAVAILABLE below."""

REASONS = {
    "ItemCollectionSizeLimitExceeded": Verdict.REFUSED,
    "ValidationError": Verdict.REFUSED,
    "ConditionalCheckFailed": Verdict.CONDITION_FAILED,
    "ProvisionedThroughputExceeded": Verdict.NOT_DONE,
    "ThrottlingError": Verdict.NOT_DONE,
    "TransactionConflict": Verdict.NOT_DONE,
}
"""Reasons of a cancelled transaction, the most telling first; others are UNAVAILABLE."""

_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError)
_NOT_CONFIGURED = (NoCredentialsError, NoRegionError, PartialCredentialsError)
_SERVER_ERROR = 500


def judge(error: ClientError | BotoCoreError) -> Verdict:
    """Return what the error says about its request."""
    if isinstance(error, ClientError):
        return _judge_answer(error)
    if isinstance(error, _NEVER_SENT):
        return Verdict.NOT_DONE
    if isinstance(error, _NOT_CONFIGURED):
        return Verdict.UNAVAILABLE
    if isinstance(error, ParamValidationError):
        return Verdict.REFUSED
    # A timeout or a lost connection after the request went out.
    return Verdict.UNSURE


def as_table_error(
    error: ClientError | BotoCoreError, verdict: Verdict, keys: Sequence[Key]
) -> TableError:
    """Return the port's word for the failure of a request; `keys` are those of its actions."""
    if verdict is Verdict.CONDITION_FAILED:
        return ConditionFailedError(
            key
            for key, code in zip(keys, _reason_codes(error), strict=True)
            if code == "ConditionalCheckFailed"
        )
    kind: type[TableError] = {
        Verdict.REFUSED: TableRefusedError,
        Verdict.UNSURE: TableOutcomeUnknownError,
        Verdict.TOKEN_TAKEN: TableOutcomeUnknownError,
    }.get(verdict, TableUnavailableError)
    return kind(f"DynamoDB: {error}")


def _judge_answer(error: ClientError) -> Verdict:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "TransactionCanceledException":
        found = set(_reason_codes(error))
        return next((REASONS[code] for code in REASONS if code in found), Verdict.UNAVAILABLE)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CODES.get(code, Verdict.UNSURE if status >= _SERVER_ERROR else Verdict.UNAVAILABLE)


def _reason_codes(error: ClientError | BotoCoreError) -> list[str]:
    assert isinstance(error, ClientError), error
    return [reason.get("Code", "") for reason in error.response.get("CancellationReasons", ())]
