"""Making the DynamoDB table: its keys, its two local indexes and its expiry."""

from botocore.exceptions import ClientError

from adapters.dynamodb_client import DynamoDbClient, Operation
from adapters.dynamodb_codec import Wire
from adapters.dynamodb_requests import INDEX_NAMES
from adapters.table import TableRefusedError, TableUnavailableError

EXPIRY_ATTRIBUTE = "expires_at"

POLLS_MAX = 120
"""Looks at whether a new table is ready; AWS takes seconds, seldom a minute."""

POLL_S = 1.0


async def create_table(client: DynamoDbClient, name: str) -> None:
    """Make the table, billed by request, and return when it is ready for use.

    One that is there already is left as it is, but for its expiry, which is switched on. Raises
    TableRefusedError when it has other keys or indexes, since local indexes can't be added later.
    """
    found = await _describe(client, name)
    if found is None:
        await client.read(_create_unless_there(client), _definition(name))
        found = await _describe(client, name)
    for _ in range(POLLS_MAX):
        if found is not None and found["TableStatus"] in ("ACTIVE", "UPDATING"):
            break
        await client.retry.sleep(POLL_S)
        found = await _describe(client, name)
    else:
        raise TableUnavailableError(f"the DynamoDB table {name} does not become ready")
    if _layout(found) != _layout(_definition(name)):
        raise TableRefusedError(f"the DynamoDB table {name} has other keys or indexes than needed")
    await _switch_on_expiry(client, name)


def _create_unless_there(client: DynamoDbClient) -> Operation:
    async def create(**definition: object) -> Wire:
        try:
            return await client.low_level.create_table(**definition)
        except ClientError as error:
            # Another process, or an attempt whose answer was lost, was quicker.
            if error.response["Error"]["Code"] == "ResourceInUseException":
                return {}
            raise

    return create


async def _describe(client: DynamoDbClient, name: str) -> Wire | None:
    async def describe(**request: object) -> Wire:
        try:
            return await client.low_level.describe_table(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return {}
            raise

    answer = await client.read(describe, {"TableName": name})
    return answer.get("Table")


async def _switch_on_expiry(client: DynamoDbClient, name: str) -> None:
    low_level = client.low_level
    answer = await client.read(low_level.describe_time_to_live, {"TableName": name})
    if answer["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
        return
    expiry = {"Enabled": True, "AttributeName": EXPIRY_ATTRIBUTE}
    request = {"TableName": name, "TimeToLiveSpecification": expiry}
    await client.read(low_level.update_time_to_live, request)


def _definition(name: str) -> Wire:
    columns = ["pk", "sk", *(index.value for index in INDEX_NAMES)]
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": column, "AttributeType": "S"} for column in columns
        ],
        "KeySchema": _keys("sk"),
        "LocalSecondaryIndexes": [
            {
                "IndexName": index_name,
                "KeySchema": _keys(index.value),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, index_name in INDEX_NAMES.items()
        ],
    }


def _keys(range_column: str) -> list[Wire]:
    return [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": range_column, "KeyType": "RANGE"},
    ]


def _layout(table: Wire) -> object:
    """Return what must be as defined, for comparison."""
    indexes = {
        index["IndexName"]: (index["KeySchema"], index["Projection"]["ProjectionType"])
        for index in table.get("LocalSecondaryIndexes", ())
    }
    return table["KeySchema"], indexes
