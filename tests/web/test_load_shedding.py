"""Load and what is refused for it: lags are given, and the clock moves when the test says so."""

import asyncio
from itertools import pairwise

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from tests.api.world import opened
from tests.set_timeouts import settled
from tests.web.asgi import client_of
from web.app import make_app
from web.load import (
    IN_FLIGHT_MAX,
    IN_FLIGHT_MIN,
    LAG_HIGH_S,
    LAG_LOW_S,
    MEASURE_EVERY_S,
    RECOVERED_EACH,
    Load,
)
from web.metrics import Metrics
from web.middleware.load_shedding import LoadShedding

HIGH_S = LAG_HIGH_S + 0.01
BETWEEN_S = (LAG_HIGH_S + LAG_LOW_S) / 2
CALM_S = 0.0


class Measured:
    """A load whose event loop is as late as the test says."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.now_s = 0.0
        self.slept_s: list[float] = []
        self._woken = asyncio.Semaphore(0)
        self.load = Load(self.metrics, sleep=self._sleep, monotonic=lambda: self.now_s)

    async def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        await self._woken.acquire()

    async def late_by(self, *lags_s: float) -> None:
        watching = asyncio.create_task(self.load.watch())
        for lag_s in lags_s:
            await settled()
            self.now_s += MEASURE_EVERY_S + lag_s
            self._woken.release()
        await settled()
        watching.cancel()

    def fill(self, count: int) -> None:
        assert all(self.load.enter() for _ in range(count))

    def drain(self, count: int) -> None:
        for _ in range(count):
            self.load.leave()


@pytest.fixture
def measured() -> Measured:
    return Measured()


def test_so_many_are_taken_and_no_more(measured: Measured) -> None:
    measured.fill(IN_FLIGHT_MAX)

    assert not measured.load.enter()
    measured.drain(1)
    assert measured.load.enter()


async def test_a_single_late_moment_is_no_overload(measured: Measured) -> None:
    await measured.late_by(60.0, CALM_S, 60.0, BETWEEN_S, 60.0)

    assert measured.load.bound == IN_FLIGHT_MAX


async def test_a_loop_that_stays_late_takes_half_of_what_it_had(measured: Measured) -> None:
    measured.fill(200)
    await measured.late_by(HIGH_S, HIGH_S)

    assert measured.load.bound == 100
    assert not measured.load.enter()


async def test_what_came_and_went_between_two_measurements_counts(measured: Measured) -> None:
    await measured.late_by(HIGH_S)
    measured.fill(300)
    measured.drain(300)
    await measured.late_by(HIGH_S)

    assert measured.load.bound == 150


async def test_some_are_always_taken(measured: Measured) -> None:
    await measured.late_by(*[HIGH_S] * 20)

    measured.fill(IN_FLIGHT_MIN)
    assert not measured.load.enter()


async def test_between_the_two_thresholds_nothing_changes(measured: Measured) -> None:
    await measured.late_by(HIGH_S, HIGH_S)
    bound = measured.load.bound
    await measured.late_by(*[BETWEEN_S] * 20)

    assert measured.load.bound == bound


async def test_it_recovers_step_by_step(measured: Measured) -> None:
    await measured.late_by(HIGH_S, HIGH_S)
    bounds = [measured.load.bound]
    while measured.load.bound < IN_FLIGHT_MAX:
        await measured.late_by(CALM_S)
        bounds.append(measured.load.bound)

    assert {later - earlier for earlier, later in pairwise(bounds)} == {RECOVERED_EACH}


async def test_no_socket_opens_while_the_loop_is_late_or_all_places_are_taken(
    measured: Measured,
) -> None:
    taken = [measured.load.takes_sockets]
    for lag_s in (HIGH_S, HIGH_S, BETWEEN_S):
        await measured.late_by(lag_s)
        taken.append(measured.load.takes_sockets)
    measured.fill(measured.load.bound)
    taken.append(measured.load.takes_sockets)

    assert taken == [True, True, False, True, False]


async def test_it_measures_at_its_own_pace(measured: Measured) -> None:
    await measured.late_by(CALM_S, CALM_S)

    assert set(measured.slept_s) == {MEASURE_EVERY_S}


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("done")(scope, receive, send)


async def test_a_refused_request_hears_when_to_come_back(measured: Measured) -> None:
    measured.fill(IN_FLIGHT_MAX)
    app = LoadShedding(answer, measured.load, measured.metrics)
    async with client_of(app) as client:
        refused = await client.post("/graphql", json={"query": "{ __typename }"})
        measured.drain(1)
        taken = await client.post("/graphql", json={"query": "{ __typename }"})

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert taken.text == "done"
    assert b'cnop_shed_requests_total{kind="http"} 1.0' in measured.metrics.text()


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
async def test_probes_are_always_answered(measured: Measured, path: str) -> None:
    measured.fill(IN_FLIGHT_MAX)
    async with client_of(LoadShedding(answer, measured.load, measured.metrics)) as client:
        assert (await client.get(path)).text == "done"


async def test_what_was_begun_is_finished_however_bad_it_gets(measured: Measured) -> None:
    go_on = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await answer(scope, receive, send)

    async with client_of(LoadShedding(slow, measured.load, measured.metrics)) as client:
        begun = asyncio.create_task(client.post("/graphql"))
        await settled()
        measured.fill(IN_FLIGHT_MAX - 1)
        await measured.late_by(*[HIGH_S] * 20)
        refused = await client.post("/graphql")
        go_on.set()

        assert refused.status_code == 503
        assert (await begun).text == "done"


async def test_a_place_is_given_back_whatever_happens(measured: Measured) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("hunter2")

    app = LoadShedding(broken, measured.load, measured.metrics)
    async with client_of(app) as client:
        for _ in range(3):
            with pytest.raises(ValueError, match="hunter2"):
                await client.get("/graphql")

    assert b"cnop_requests_in_flight 0.0" in measured.metrics.text()


async def test_who_only_listens_takes_no_place(measured: Measured) -> None:
    streamed = asyncio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        await streamed.wait()
        await send({"type": "http.response.body", "body": b"2"})

    async with client_of(LoadShedding(stream, measured.load, measured.metrics)) as client:
        listening = asyncio.create_task(client.get("/graphql"))
        await settled()
        in_flight = b"cnop_requests_in_flight 0.0" in measured.metrics.text()
        streamed.set()
        await listening

    assert in_flight
    assert b"cnop_requests_in_flight 0.0" in measured.metrics.text()


async def connect(app: LoadShedding) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "websocket",
        "path": "/graphql",
        "headers": [],
        "extensions": {"websocket.http.response": {}},
    }
    await app(scope, receive, send)
    return sent


async def test_websockets_do_not_open_while_the_loop_is_late(measured: Measured) -> None:
    async def accept(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    app = LoadShedding(accept, measured.load, measured.metrics)
    well = await connect(app)
    await measured.late_by(HIGH_S, HIGH_S)
    strained = await connect(app)

    assert [message["type"] for message in well] == ["websocket.accept"]
    assert strained[0]["type"] == "websocket.http.response.start"
    assert strained[0]["status"] == 503
    assert b'cnop_shed_requests_total{kind="websocket"} 1.0' in measured.metrics.text()


async def test_what_is_neither_request_nor_socket_passes(measured: Measured) -> None:
    passed = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    async def nobody_calls(*_: object) -> Message:
        raise AssertionError

    shedding = LoadShedding(app, measured.load, measured.metrics)
    await shedding({"type": "lifespan"}, nobody_calls, nobody_calls)  # type: ignore[arg-type]

    assert passed == ["lifespan"]


async def test_the_application_sheds_what_is_too_much_and_still_answers_probes() -> None:
    async with opened() as world, client_of(make_app(world.exchange)) as client:
        while world.exchange.load.enter():
            pass
        refused = await client.post("/graphql", json={"query": "{ __typename }"})
        ready = await client.get("/health/ready")
        world.exchange.load.leave()
        taken = await client.post("/graphql", json={"query": "{ __typename }"})

    assert refused.status_code == 503
    assert refused.headers["x-request-id"]
    assert ready.status_code == 200
    assert taken.status_code == 200
