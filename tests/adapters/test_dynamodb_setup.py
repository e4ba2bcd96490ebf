"""Making the DynamoDB table, once and again, and telling when it is another one."""

import uuid

import pytest

from adapters.dynamodb_setup import _definition
from adapters.dynamodb_table import DynamoDbTable
from adapters.table import TableRefusedError, TableUnavailableError
from tests.adapters.conftest import WallClock
from tests.adapters.dynamodb_script import failed, scripted_table


async def test_making_the_table_twice_changes_nothing(dynamodb_table: DynamoDbTable) -> None:
    await dynamodb_table.create_table()

    described = await dynamodb_table._low_level.describe_time_to_live(
        TableName=dynamodb_table._name
    )
    assert described["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }


@pytest.mark.usefixtures("dynamodb_endpoint")
async def test_a_table_with_other_keys_is_refused(wall_clock: WallClock) -> None:
    table = await DynamoDbTable.open(f"other-{uuid.uuid4()}", wall_clock_s=wall_clock)
    await table._low_level.create_table(
        TableName=table._name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )

    with pytest.raises(TableRefusedError, match="other keys"):
        await table.create_table()
    await table.close()


async def test_without_a_region_there_is_no_table(
    wall_clock: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")

    with pytest.raises(TableUnavailableError, match="region"):
        await DynamoDbTable.open("cnop", wall_clock_s=wall_clock)


async def test_a_table_that_another_process_is_making_is_waited_for() -> None:
    ready = {"Table": {**_definition("cnop"), "TableStatus": "ACTIVE"}}
    making = {"Table": {**_definition("cnop"), "TableStatus": "CREATING"}}
    table, client = scripted_table(
        failed("ResourceNotFoundException"),
        failed("ResourceInUseException"),
        making,
        making,
        ready,
        {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}},
        {},
    )

    await table.create_table()

    assert client.operations == [
        "describe_table",
        "create_table",
        "describe_table",
        "describe_table",
        "describe_table",
        "describe_time_to_live",
        "update_time_to_live",
    ]


async def test_a_table_that_never_becomes_ready_is_unavailable() -> None:
    table, _ = scripted_table({"Table": {"TableStatus": "CREATING"}})

    with pytest.raises(TableUnavailableError, match="ready"):
        await table.create_table()


async def test_the_right_to_make_a_table_may_be_missing() -> None:
    table, _ = scripted_table(failed("AccessDeniedException"))
    with pytest.raises(TableUnavailableError, match="AccessDenied"):
        await table.create_table()

    table, _ = scripted_table(failed("ResourceNotFoundException"), failed("AccessDeniedException"))
    with pytest.raises(TableUnavailableError, match="AccessDenied"):
        await table.create_table()
