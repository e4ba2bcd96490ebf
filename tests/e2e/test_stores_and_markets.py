"""The server on other settings than its defaults: DynamoDB for SQLite, a recording for chance."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.people import DEPOSIT, ORDER, register
from tests.e2e.server import command, run, running

RECORDING = """\
at,asset_id,price
2017-12-17T00:00:00Z,BTC,19000.5
2017-12-17T00:00:01Z,BTC,19001.25
2017-12-17T00:00:02Z,BTC,19002
"""


@pytest.mark.usefixtures("dynamodb_endpoint")
async def test_a_server_keeps_everything_in_dynamodb(tmp_path: Path) -> None:
    store = f"dynamodb:e2e-{uuid4().hex}"
    with running(tmp_path, CNOP_STORE=store) as server:
        async with server.client() as client:
            ada = await register(client, "ada_lovelace")
            await run(client, DEPOSIT, ada.access_token, amount="100.00")
            order = {"assetId": "DOGE", "side": "BUY", "quantity": "10"}
            placed = await run(client, ORDER, ada.access_token, input=order)
            assert placed["placeOrder"]["errors"] == []
    with running(tmp_path, CNOP_STORE=store) as server:
        async with server.client() as client:
            query = "{ account { version } portfolio { positions { quantity } } }"
            found = await run(client, query, ada.access_token)

    assert found == {"account": {"version": 2}, "portfolio": {"positions": [{"quantity": "10"}]}}
    audited = command(tmp_path, "audit", "--store", store)
    assert (audited.code, audited.out) == (0, ""), audited.err


@pytest.mark.usefixtures("dynamodb_endpoint")
def test_a_dynamodb_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    ended = command(tmp_path, "audit", "--store", "dynamodb:no-such-table")

    assert ended.code == 2
    assert ended.err.startswith("cnop: ")
    assert ended.err.count("\n") == 1


def test_without_a_region_dynamodb_is_told(tmp_path: Path) -> None:
    settings = {
        "AWS_REGION": "",
        "AWS_DEFAULT_REGION": "",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_ENDPOINT_URL_DYNAMODB": "",
    }
    ended = command(tmp_path, "serve", CNOP_STORE="dynamodb:cnop", **settings)

    assert ended.code == 2
    assert "region" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("command_line", [("serve",), ("audit",), ("store", "create")])
def test_an_endpoint_that_is_no_address_is_told(
    tmp_path: Path, command_line: tuple[str, ...]
) -> None:
    settings = {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL_DYNAMODB": "no url"}
    ended = command(tmp_path, *command_line, CNOP_STORE="dynamodb:cnop", **settings)

    assert ended.code == 2
    assert ended.err.startswith("cnop: DynamoDB: Invalid endpoint")
    assert ended.err.count("\n") == 1


def test_a_region_is_read_as_containers_say_it(tmp_path: Path, dynamodb_endpoint: str) -> None:
    ended = command(
        tmp_path,
        "store",
        "check",
        CNOP_STORE="dynamodb:no-such-table",
        AWS_REGION="eu-west-3",
        AWS_DEFAULT_REGION="",
        AWS_ENDPOINT_URL_DYNAMODB=dynamodb_endpoint,
    )

    assert ended.code == 1
    assert ended.out.startswith("There is no DynamoDB table no-such-table")


async def test_a_recording_moves_the_prices_and_its_end_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "btc.csv").write_text(RECORDING)
    with running(tmp_path, CNOP_MARKET="replay:btc.csv", CNOP_REPLAY_SPEED="1000000") as server:
        async with server.client() as client:
            ready = await client.get("/health/ready")
            ada = await register(client, "ada_lovelace")
            await run(client, DEPOSIT, ada.access_token, amount="9000.00")
            order = {"assetId": "BTC", "side": "BUY", "quantity": "0.1"}
            placed = await run(client, ORDER, ada.access_token, input=order)

    assert ready.status_code == 200
    assert placed["placeOrder"]["order"]["fill"] == {"price": "19002", "total": "1900.20"}


def test_a_recording_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "btc.csv").write_text("no,such,header\n1,2,3\n")

    ended = command(tmp_path, "serve", CNOP_MARKET="replay:btc.csv")

    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("cnop: ")
    assert "btc.csv" in ended.err
