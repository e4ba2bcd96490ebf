"""Making the DynamoDB table, once and again, and telling when it is another one."""

import json
import re
import uuid
from importlib import resources
from pathlib import Path

import pytest

from adapters.dynamodb_codec import Wire
from adapters.dynamodb_layout import FILE, shipped_layout
from adapters.dynamodb_requests import INDEX_NAMES
from adapters.dynamodb_table import DynamoDbTable
from adapters.table import TableRefusedError, TableUnavailableError
from tests.adapters.conftest import WallClock
from tests.adapters.dynamodb_script import failed, scripted_table

LAYOUT = shipped_layout()
DEFINITION = LAYOUT.definition("cnop")
READY = {"Table": {**DEFINITION, "TableStatus": "ACTIVE"}}
NOT_EXPIRING = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
BUSY = failed("ContinuousBackupsUnavailableException")


async def test_making_the_table_twice_changes_nothing(dynamodb_table: DynamoDbTable) -> None:
    await dynamodb_table.create_table()

    described = await dynamodb_table._low_level.describe_time_to_live(
        TableName=dynamodb_table._name
    )
    assert described["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }


async def test_the_table_is_what_the_layout_says(dynamodb_table: DynamoDbTable) -> None:
    described = await dynamodb_table._low_level.describe_table(TableName=dynamodb_table._name)
    found = described["Table"]

    assert found["BillingModeSummary"]["BillingMode"] == LAYOUT.billing_mode
    assert found["DeletionProtectionEnabled"] is LAYOUT.deletion_protection
    assert {
        one["AttributeName"]: one["AttributeType"] for one in found["AttributeDefinitions"]
    } == LAYOUT.attribute_types
    assert _keys(found) == (LAYOUT.hash_key, LAYOUT.range_key)
    assert {
        one["IndexName"]: (*_keys(one), one["Projection"]["ProjectionType"])
        for one in found["LocalSecondaryIndexes"]
    } == {
        one.name: (LAYOUT.hash_key, one.range_key, one.projection) for one in LAYOUT.local_indexes
    }


def test_the_layout_has_what_requests_name() -> None:
    names = {one.name: one.range_key for one in LAYOUT.local_indexes}
    assert names == {name: index.value for index, name in INDEX_NAMES.items()}
    assert (LAYOUT.hash_key, LAYOUT.range_key, LAYOUT.expiry_attribute) == (
        "pk",
        "sk",
        "expires_at",
    )
    assert LAYOUT.point_in_time_recovery


def test_terraform_reads_the_same_file() -> None:
    """Each name of the file is used there, and nothing that it says stands there again."""
    text = (Path(__file__).parents[2] / "deploy" / "terraform" / "table.tf").read_text()
    shipped = resources.files("adapters").joinpath(FILE)

    assert f'jsondecode(file("${{path.module}}/../../adapters/{FILE}"))' in text
    assert set(re.findall(r"local\.layout\.(\w+)", text)) == set(json.loads(shipped.read_text()))
    assert not re.search(r"\"(pk|sk|local_\d|index_\d|PAY_PER_REQUEST|expires_at)\"", text)


@pytest.mark.parametrize(
    "change",
    [
        {"LocalSecondaryIndexes": DEFINITION["LocalSecondaryIndexes"][:1]},
        {"KeySchema": DEFINITION["KeySchema"][:1]},
        {
            "LocalSecondaryIndexes": [
                one | {"Projection": {"ProjectionType": "KEYS_ONLY"}}
                for one in DEFINITION["LocalSecondaryIndexes"]
            ]
        },
        {
            "AttributeDefinitions": [
                one | {"AttributeType": "N"} for one in DEFINITION["AttributeDefinitions"]
            ]
        },
    ],
)
async def test_a_table_with_another_layout_is_refused(change: dict[str, object]) -> None:
    table, _ = scripted_table({"Table": READY["Table"] | change})

    with pytest.raises(TableRefusedError, match="other keys or indexes"):
        await table.create_table()


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
    making = {"Table": {**DEFINITION, "TableStatus": "CREATING"}}
    table, client = scripted_table(
        failed("ResourceNotFoundException"),
        failed("ResourceInUseException"),
        making,
        making,
        READY,
        NOT_EXPIRING,
        BUSY,
        {},
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
        "update_continuous_backups",
        "update_continuous_backups",
        "update_time_to_live",
    ]
    assert client.requests[-2]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


async def test_a_table_that_is_ready_is_left_as_its_owner_has_it() -> None:
    expiring = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}
    table, client = scripted_table(
        {"Table": READY["Table"] | {"DeletionProtectionEnabled": False}}, expiring
    )

    await table.create_table()

    assert client.operations == ["describe_table", "describe_time_to_live"]


async def test_backups_that_never_become_ready_are_told() -> None:
    table, _ = scripted_table(READY, NOT_EXPIRING, BUSY)

    with pytest.raises(TableUnavailableError, match="backups"):
        await table.create_table()


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


def _keys(described: Wire) -> tuple[str, ...]:
    return tuple(one["AttributeName"] for one in described["KeySchema"])


async def test_a_table_as_it_should_be_has_no_faults(dynamodb_table: DynamoDbTable) -> None:
    assert await dynamodb_table.faults() == ()


async def test_each_fault_of_a_table_is_told() -> None:
    other = {**DEFINITION, "LocalSecondaryIndexes": [], "TableStatus": "CREATING"}
    table, _ = scripted_table({"Table": other}, NOT_EXPIRING)

    assert await table.faults() == (
        "The DynamoDB table cnop is CREATING.",
        "The DynamoDB table cnop has other keys or indexes than needed.",
        "The DynamoDB table cnop doesn't expire by expires_at.",
    )
