import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from tests.set_timeouts import settled
from tests.web.asgi import client_of
from web.logs import current_request
from web.metrics import Metrics
from web.middleware.access_log import AccessLog
from web.middleware.address_limit import AddressLimit, address_of
from web.middleware.body_limit import BodyLimit
from web.middleware.header_limit import HEADER_BYTES_MAX, QUERY_BYTES_MAX, HeaderLimit
from web.middleware.last_resort import LastResort
from web.middleware.request_ids import RequestIds
from web.middleware.security_headers import SecurityHeaders
from web.request_counts import RequestCounts


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    notes = current_request.get()
    text = body.decode() or (notes.request_id if notes else "nothing")
    await PlainTextResponse(text)(scope, receive, send)


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("hunter2")


async def half_broken(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ValueError("hunter2")


async def accepting(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    raise ValueError("hunter2")


class Socket:
    """The server's side of a websocket, as ASGI has it."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.scope: Scope = {
            "type": "websocket",
            "path": "/graphql",
            "headers": list(headers),
            "client": ("203.0.113.7", 5),
            "extensions": {"websocket.http.response": {}},
        }
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 64])
async def test_a_sane_request_id_is_taken_and_returned(given: str) -> None:
    async with client_of(RequestIds(echo)) as client:
        answer = await client.get("/", headers={"X-Request-ID": given})

    assert answer.headers["x-request-id"] == given
    assert answer.text == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a;b", "a\tb", "é"])
async def test_any_other_request_id_is_replaced(given: str) -> None:
    async with client_of(RequestIds(echo)) as client:
        answer = await client.get("/", headers=[(b"X-Request-ID", given.encode("latin-1"))])
        other = await client.get("/")

    assert answer.headers["x-request-id"] not in {given, other.headers["x-request-id"]}


async def test_a_request_id_ends_with_its_request() -> None:
    async with client_of(RequestIds(echo)) as client:
        await client.get("/")

    assert current_request.get() is None


async def test_a_websocket_learns_its_request_id() -> None:
    socket = Socket((b"x-request-id", b"mine"))

    with pytest.raises(ValueError, match="hunter2"):
        await RequestIds(accepting)(socket.scope, socket.receive, socket.send)

    assert socket.sent[0]["headers"] == [(b"x-request-id", b"mine")]


@pytest.mark.parametrize(
    "middleware", [RequestIds, SecurityHeaders, LastResort, BodyLimit, HeaderLimit]
)
async def test_what_is_neither_http_nor_websocket_passes(
    middleware: type[RequestIds],
) -> None:
    passed = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    socket = Socket()
    await middleware(app)({"type": "lifespan"}, socket.receive, socket.send)

    assert passed == ["lifespan"]


async def test_browsers_are_told_not_to_guess() -> None:
    async with client_of(SecurityHeaders(echo)) as client:
        answer = await client.get("/")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "strict-transport-security" not in answer.headers


async def test_browsers_that_came_by_https_are_to_stay_with_it() -> None:
    async with client_of(SecurityHeaders(echo)) as client:
        answer = await client.get("https://cnop.test/")

    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_an_unforeseen_error_is_masked_and_names_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with client_of(RequestIds(LastResort(broken))) as client:
        answer = await client.get("/", headers={"X-Request-ID": "r-7"})

    assert answer.status_code == 500
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "r-7" in error["message"]
    assert "hunter2" not in answer.text
    assert caplog.records[0].levelno == logging.ERROR


async def test_an_error_in_mid_answer_adds_nothing_to_it() -> None:
    socket = Socket()

    await LastResort(half_broken)({"type": "http", "path": "/"}, socket.receive, socket.send)

    assert [message["type"] for message in socket.sent] == ["http.response.start"]


async def test_an_unforeseen_error_closes_a_websocket_with_1011() -> None:
    socket = Socket()

    await LastResort(accepting)(socket.scope, socket.receive, socket.send)

    assert socket.sent[-1]["type"] == "websocket.close"
    assert socket.sent[-1]["code"] == 1011


async def test_a_client_that_left_before_its_socket_opened_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    socket = Socket()

    async def too_late(message: Message) -> None:
        raise ClientDisconnected

    await LastResort(accepting)(socket.scope, socket.receive, too_late)

    assert caplog.records == []


async def test_a_body_within_the_bound_passes() -> None:
    async with client_of(BodyLimit(echo, body_bytes_max=5)) as client:
        assert (await client.post("/", content=b"12345")).text == "12345"


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"12"


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"123456", {}),
        (chunks(), {}),
        (b"1", {"content-length": "9" * 5000}),
    ],
)
async def test_a_body_beyond_the_bound_is_answered_413(
    content: bytes | AsyncIterator[bytes], headers: dict[str, str]
) -> None:
    async with client_of(BodyLimit(echo, body_bytes_max=5)) as client:
        answer = await client.post("/", content=content, headers=headers)

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_body_that_does_not_arrive_is_answered_408() -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield b"12"
        await asyncio.Event().wait()

    limit = BodyLimit(echo, body_wait=timedelta(milliseconds=1))
    async with client_of(limit) as client:
        answer = await client.post("/", content=silent())

    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"


async def test_all_bodies_together_have_a_bound_while_they_arrive() -> None:
    rest = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"1234"
        await rest.wait()
        yield b"5"

    limit = BodyLimit(echo, body_bytes_max=5, all_bytes_max=8)
    async with client_of(limit) as client:
        arriving = asyncio.ensure_future(client.post("/", content=slow()))
        await settled()
        refused = await client.post("/", content=b"12345")
        small = await client.post("/", content=b"1234")
        rest.set()
        arrived = await arriving
        again = await client.post("/", content=b"12345")

    assert refused.status_code == 503
    assert refused.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert int(refused.headers["retry-after"]) >= 1
    assert [one.text for one in (small, arrived, again)] == ["1234", "12345", "12345"]


@pytest.mark.parametrize(
    ("query", "header", "status"),
    [
        (QUERY_BYTES_MAX, 100, 200),
        (QUERY_BYTES_MAX + 1, 100, 414),
        (0, HEADER_BYTES_MAX, 431),
    ],
)
async def test_addresses_and_headers_have_a_bound(query: int, header: int, status: int) -> None:
    async with client_of(HeaderLimit(echo)) as client:
        answer = await client.get(f"/?{'q' * query}", headers={"x-long": "h" * header})

    assert answer.status_code == status


async def test_a_websocket_with_headers_too_large_is_denied_before_it_opens() -> None:
    socket = Socket((b"x-long", b"h" * HEADER_BYTES_MAX))

    socket.scope["query_string"] = b""

    await HeaderLimit(accepting)(socket.scope, socket.receive, socket.send)

    assert socket.sent[0]["status"] == 431


async def test_an_address_has_so_many_requests_a_minute_and_others_have_theirs() -> None:
    app = AddressLimit(echo, RequestCounts(2), Metrics())
    async with client_of(app) as client, client_of(app, "203.0.113.8") as other:
        answers = [await client.get("/") for _ in range(3)]
        fresh = await other.get("/")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0].headers["x-ratelimit-limit"] == "2"
    assert answers[2].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 61
    assert fresh.status_code == 200


async def test_one_ipv6_network_counts_as_one_address() -> None:
    app = AddressLimit(echo, RequestCounts(1), Metrics())
    async with client_of(app, "2001:db8::1") as one, client_of(app, "2001:db8::2") as other:
        await one.get("/")
        assert (await other.get("/")).status_code == 429


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
async def test_probes_are_not_counted(path: str) -> None:
    async with client_of(AddressLimit(echo, RequestCounts(1), Metrics())) as client:
        for _ in range(3):
            assert (await client.get(path)).status_code == 200


async def test_a_websocket_too_many_is_denied_before_it_opens() -> None:
    limit = AddressLimit(accepting, RequestCounts(1), Metrics())
    socket = Socket()
    with pytest.raises(ValueError, match="hunter2"):
        await limit(socket.scope, socket.receive, socket.send)

    await limit(socket.scope, socket.receive, socket.send)

    assert socket.sent[-2]["type"] == "websocket.http.response.start"
    assert socket.sent[-2]["status"] == 429


def test_a_request_through_a_local_socket_has_no_address() -> None:
    assert address_of({"client": None}) == "unknown"


async def test_a_line_and_a_measure_are_made_of_each_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "web")
    metrics = Metrics()
    async with client_of(AccessLog(echo, metrics)) as client:
        await client.get("/graphql?query=hunter2")
        await client.get("/ada@example.com")
        await client.request("FROB", "/health/live")

    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["GET /graphql 200", "GET other 200"]
    text = metrics.text().decode()
    assert 'cnop_http_requests_total{path="/graphql",status="200"} 1.0' in text
    assert "example.com" not in text


async def test_a_request_without_an_answer_is_logged_as_499() -> None:
    metrics = Metrics()
    async with client_of(AccessLog(broken, metrics)) as client:
        with pytest.raises(ValueError, match="hunter2"):
            await client.get("/graphql")

    assert 'status="499"} 1.0' in metrics.text().decode()


async def test_a_line_is_made_of_each_socket(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "web")

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4400})

    socket = Socket()
    await AccessLog(closing, Metrics())(socket.scope, socket.receive, socket.send)

    assert caplog.records[0].getMessage() == "A websocket has closed with 4400."
