"""The server as a subgraph: composed with another by two composers, joined by two gateways."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.e2e.gateways import REQUESTS_PER_MINUTE, Joined, until
from tests.e2e.people import DEPOSIT, ORDER, Person, register
from tests.e2e.server import Server, run

MINE = """
query ($user: ID!, $account: ID!, $order: ID!) {
  notedUser(id: $user) { id note username }
  notedAccount(id: $account) { id note cash }
  notedOrder(id: $order) { id note status }
}"""

NOTES = """
query ($user: ID!, $account: ID!, $order: ID!) {
  notedUser(id: $user) { username }
  notedAccount(id: $account) { cash }
  notedOrder(id: $order) { status }
}"""


async def trader(server: Server, username: str) -> tuple[Person, dict[str, str]]:
    """Return somebody with an order, and the ids of what is theirs."""
    async with server.client() as client:
        person = await register(client, username)
        await run(client, DEPOSIT, person.access_token, amount="100.00")
        order = {"assetId": "DOGE", "side": "BUY", "quantity": "10"}
        placed = await run(client, ORDER, person.access_token, input=order)
        me = await run(client, "{ me { id } }", person.access_token)
    ids = {
        "user": me["me"]["id"],
        "account": person.account_id,
        "order": placed["placeOrder"]["order"]["id"],
    }
    return person, ids


def requests_at(server: Server) -> int:
    text = httpx.get(f"{server.url}/metrics").text
    lines = (line for line in text.splitlines() if 'http_requests_total{path="/graphql"' in line)
    return sum(int(float(line.rpartition(" ")[2])) for line in lines)


def test_both_composers_compose(joined: Joined, say: Callable[[str], None]) -> None:
    for summary in joined.summaries:
        say(summary)

    assert joined.summaries == (
        "@apollo/composition: composed, 0 errors",
        "@theguild/federation-composition: composed, 0 errors",
    )


@pytest.mark.parametrize("gateway", ["apollo", "hive"])
async def test_assets_of_a_list_are_joined_in_one_request(
    joined: Joined, gateway: str, say: Callable[[str], None]
) -> None:
    query = '{ notedAssets(ids: ["BTC", "ETH", "DOGE"]) { id note price } }'
    before = requests_at(joined.server)
    answer = await joined.ask(gateway, query)
    after = requests_at(joined.server)

    assert [asset["id"] for asset in answer["data"]["notedAssets"]] == ["BTC", "ETH", "DOGE"]
    assert all(float(asset["price"]) > 0 for asset in answer["data"]["notedAssets"])
    assert answer["data"]["notedAssets"][0]["note"] == "a note on BTC"
    assert after - before == 1
    say(f"gateway {gateway}: three assets joined with another subgraph's, in one request")


@pytest.mark.parametrize("gateway", ["apollo", "hive"])
async def test_an_entity_that_is_unknown_is_missing_alone(joined: Joined, gateway: str) -> None:
    query = '{ notedAssets(ids: ["BTC", "NOPE", "ETH"]) { id note price } }'
    answer = await joined.ask(gateway, query)

    bitcoin, unknown, ether = answer["data"]["notedAssets"]
    assert float(bitcoin["price"]) > 0
    assert float(ether["price"]) > 0
    assert unknown is None


@pytest.mark.parametrize("gateway", ["apollo", "hive"])
async def test_more_entities_than_a_page_has_are_refused(joined: Joined, gateway: str) -> None:
    query = "query ($ids: [ID!]!) { notedAssets(ids: $ids) { id price } }"
    most = [f"A{number}" for number in range(99)]
    taken = await joined.ask(gateway, query, variables={"ids": ["BTC", *most]})
    refused = await joined.ask(gateway, query, variables={"ids": ["BTC", "ETH", *most]})

    assert taken["data"]["notedAssets"][0]["id"] == "BTC"
    codes = {error["extensions"]["code"] for error in refused["errors"]}
    assert "BAD_USER_INPUT" in codes


@pytest.mark.parametrize("gateway", ["apollo", "hive"])
async def test_the_owner_reaches_user_account_and_order(joined: Joined, gateway: str) -> None:
    owner, ids = await trader(joined.server, f"owner_{gateway}")
    answer = await joined.ask(
        gateway,
        MINE,
        variables=ids,
        authorization=f"Bearer {owner.access_token}",
        x_request_id=f"mine-{gateway}",
    )

    assert "errors" not in answer
    assert answer["data"]["notedUser"] == {
        "id": ids["user"],
        "note": f"a note on {ids['user']}",
        "username": owner.username,
    }
    assert float(answer["data"]["notedAccount"]["cash"]) < 100
    assert answer["data"]["notedOrder"]["status"] == "FILLED"
    logged = re.compile(rf"request_id=mine-{gateway} .*user={ids['user']} ")
    await until(lambda: logged.search(joined.server.err) is not None)


@pytest.mark.parametrize("gateway", ["apollo", "hive"])
async def test_nobody_else_reaches_them(joined: Joined, gateway: str) -> None:
    _, ids = await trader(joined.server, f"victim_{gateway}")
    other, _ = await trader(joined.server, f"other_{gateway}")
    strange = await joined.ask(gateway, NOTES, variables=ids)
    foreign = await joined.ask(
        gateway, NOTES, variables=ids, authorization=f"Bearer {other.access_token}"
    )

    for answer in (strange, foreign):
        told = [entity for entity in (answer["data"] or {}).values() if entity]
        assert told == []


@pytest.mark.parametrize("gateway", ["apollo", "hive"])
async def test_code_and_request_id_travel_through(joined: Joined, gateway: str) -> None:
    answer = await joined.ask(gateway, "{ me { id } }", x_request_id=f"through-{gateway}")

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["requestId"] == f"through-{gateway}"


async def test_limits_count_the_clients_of_a_gateway_and_not_the_gateway(joined: Joined) -> None:
    query = '{ asset(id: "BTC") { id } }'
    greedy, modest = "198.51.100.1", "198.51.100.2"
    # The count may begin anew in between, so more than twice as many are surely too many.
    for _ in range(3 * REQUESTS_PER_MINUTE):
        refused = await joined.ask("hive", query, x_forwarded_for=greedy)
        if "errors" in refused:
            break
    answer = await joined.ask("hive", query, x_forwarded_for=modest)

    assert "errors" in refused
    assert answer["data"] == {"asset": {"id": "BTC"}}


def test_the_supergraph_configuration_names_the_schema() -> None:
    configuration = Path(__file__).parents[2] / "deploy" / "supergraph.yaml"

    (named,) = re.findall(r"^ +file: (\S+)$", configuration.read_text(), re.MULTILINE)
    assert "@link" in (configuration.parent / named).read_text()
