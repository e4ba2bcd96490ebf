import json
from pathlib import Path

from tests.e2e.people import DEPOSIT, PASSWORD, register
from tests.e2e.server import run, running

LOGIN = """
mutation ($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) { errors { code } }
}"""

INLINE = """
mutation {
  login(input: {username: "grace_hopper", password: "Inline-Secret-9"}) { nothing }
}"""


async def test_logs_tell_every_request_and_no_secret(tmp_path: Path) -> None:
    secret = "k1:" + "t0p-s3cret-" * 5
    settings = {"CNOP_ENV": "production", "CNOP_JWT_SECRET": secret, "CNOP_LOG_LEVEL": "DEBUG"}
    with running(tmp_path, **settings) as server:
        async with server.client() as client:
            ada = await register(client, "ada_lovelace")
            await run(client, LOGIN, username="ada_lovelace", password="Wrong-Secret-8")
            await run(client, DEPOSIT, ada.access_token, amount="1234.56", key="key-of-ada-42")
            await client.post("/graphql", json={"query": INLINE})
            await client.get("/graphql", params={"query": "{ me { email } }", "x": "in-the-query"})
            await client.get("/ada_lovelace@example.com")
            named = await client.get("/health", headers={"X-Request-ID": "asked-by-ada"})
        async with await server.socket() as socket:
            token = {"Authorization": f"Bearer {ada.access_token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": token}))
            await socket.recv()

    lines = [json.loads(line) for line in server.err.splitlines()]
    for hidden in (
        PASSWORD,
        "Wrong-Secret-8",
        "Inline-Secret-9",
        "t0p-s3cret",
        "example.com",
        "1234.56",
        "key-of-ada-42",
        "in-the-query",
        ada.access_token,
        ada.refresh_token,
        "grace_hopper",
        "$argon2",
    ):
        assert hidden not in server.err, hidden
    assert named.headers["x-request-id"] == "asked-by-ada"
    told = {line["request_id"]: line for line in lines if "request_id" in line}
    assert told["asked-by-ada"]["path"] == "/health"
    assert [line for line in lines if line.get("user", "").startswith("usr_")]
    assert [line for line in lines if line["action"] == "socket"]
    for line in lines:
        assert {"timestamp", "level", "service", "action", "message"} <= line.keys()
