"""Making the DynamoDB table as `dynamodb_layout.json` says."""

from botocore.exceptions import ClientError

from adapters.dynamodb_client import DynamoDbClient, Operation
from adapters.dynamodb_codec import Wire
from adapters.dynamodb_layout import TableLayout, shipped_layout, unchangeable
from adapters.table import TableRefusedError, TableUnavailableError

POLLS_MAX = 120
"""Looks at whether a new table is ready; AWS takes seconds, seldom a minute."""

POLL_S = 1.0

_BUSY = {"busy": True}


async def create_table(client: DynamoDbClient, name: str) -> bool:
    """Make the table, and return when it is ready for use; tell whether it wasn't there before.

    One that is there already is left as it is: how it is billed and protected is for its owner to
    say. Only where expiry is not on yet, its making is taken for unfinished, and finished. Raises
    TableRefusedError when it has other keys or indexes, since local indexes can't be added later.
    """
    layout = shipped_layout()
    definition = layout.definition(name)
    found = await _describe(client, name)
    is_new = found is None
    if is_new:
        creating = _allowing(client.low_level.create_table, {"ResourceInUseException": {}})
        # If it is in use, another process, or an attempt whose answer was lost, was quicker.
        await client.read(creating, definition)
        found = await _describe(client, name)
    for _ in range(POLLS_MAX):
        if found is not None and found["TableStatus"] in ("ACTIVE", "UPDATING"):
            break
        await client.retry.sleep(POLL_S)
        found = await _describe(client, name)
    else:
        raise TableUnavailableError(f"the DynamoDB table {name} does not become ready")
    if unchangeable(found) != unchangeable(definition):
        raise TableRefusedError(f"the DynamoDB table {name} has other keys or indexes than needed")
    await _finish(client, name, layout)
    return is_new


async def table_faults(client: DynamoDbClient, name: str) -> tuple[str, ...]:
    """Return in sentences what keeps the table from being used, or from forgetting what expired."""
    layout = shipped_layout()
    found = await _describe(client, name)
    if found is None:
        return (f"There is no DynamoDB table {name} in this region; cnop store create makes it.",)
    faults = []
    if found["TableStatus"] not in ("ACTIVE", "UPDATING"):
        faults.append(f"The DynamoDB table {name} is {found['TableStatus']}.")
    if unchangeable(found) != unchangeable(layout.definition(name)):
        faults.append(f"The DynamoDB table {name} has other keys or indexes than needed.")
    answer = await client.read(client.low_level.describe_time_to_live, {"TableName": name})
    expiry = answer["TimeToLiveDescription"]
    is_on = expiry["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
    if not is_on or expiry.get("AttributeName") != layout.expiry_attribute:
        faults.append(f"The DynamoDB table {name} doesn't expire by {layout.expiry_attribute}.")
    return tuple(faults)


async def _finish(client: DynamoDbClient, name: str, layout: TableLayout) -> None:
    """Switch on what CreateTable doesn't take; expiry comes last, so that it tells the end."""
    low_level = client.low_level
    answer = await client.read(low_level.describe_time_to_live, {"TableName": name})
    if answer["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
        return
    if layout.point_in_time_recovery:
        await _switch_on_recovery(client, name)
    expiry = {"Enabled": True, "AttributeName": layout.expiry_attribute}
    request = {"TableName": name, "TimeToLiveSpecification": expiry}
    await client.read(low_level.update_time_to_live, request)


async def _switch_on_recovery(client: DynamoDbClient, name: str) -> None:
    # AWS gets backups ready behind a new table's back; DynamoDB Local has none at all.
    answers = {"ContinuousBackupsUnavailableException": _BUSY, "UnknownOperationException": {}}
    switching = _allowing(client.low_level.update_continuous_backups, answers)
    recovery = {"PointInTimeRecoveryEnabled": True}
    request = {"TableName": name, "PointInTimeRecoverySpecification": recovery}
    for _ in range(POLLS_MAX):
        if await client.read(switching, request) is not _BUSY:
            return
        await client.retry.sleep(POLL_S)
    raise TableUnavailableError(f"the backups of the DynamoDB table {name} do not become ready")


async def _describe(client: DynamoDbClient, name: str) -> Wire | None:
    describing = _allowing(client.low_level.describe_table, {"ResourceNotFoundException": {}})
    answer = await client.read(describing, {"TableName": name})
    return answer.get("Table")


def _allowing(operation: Operation, answers: dict[str, Wire]) -> Operation:
    """Return the operation with an answer in place of each of some errors, by their codes."""

    async def send(**request: object) -> Wire:
        try:
            return await operation(**request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in answers:
                return answers[code]
            raise

    return send
