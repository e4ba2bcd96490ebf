import io
import json
import logging
from typing import Any

import pytest

from domain.outages import OutageError
from web.logs import (
    MESSAGE_CHARACTERS_MAX,
    RequestNotes,
    current_request,
    scrubbed,
    set_up_logs,
)

LOG = logging.getLogger("web.test")
JWT = "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"


pytestmark = pytest.mark.usefixtures("logs_as_they_were")


def written(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.fixture
def json_lines() -> io.StringIO:
    stream = io.StringIO()
    set_up_logs("INFO", as_json=True, stream=stream)
    return stream


@pytest.fixture
def readable_lines() -> io.StringIO:
    stream = io.StringIO()
    set_up_logs("INFO", as_json=False, stream=stream)
    return stream


def test_a_json_line_has_the_fields_that_collectors_look_for(json_lines: io.StringIO) -> None:
    token = current_request.set(RequestNotes("r-1", user="usr_1"))
    LOG.info("Sold %d.", 3, extra={"action": "sale", "duration_ms": 1.5})
    current_request.reset(token)

    line = written(json_lines)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "service": "cnop",
        "request_id": "r-1",
        "action": "sale",
        "message": "Sold 3.",
        "user": "usr_1",
        "duration_ms": 1.5,
    }


@pytest.mark.parametrize("control", ["\n", "\r", "\x00", "\x1b[2J", "\x7f", "\u2028", "\x85"])
def test_control_characters_cannot_forge_a_line(control: str) -> None:
    for as_json in (True, False):
        stream = io.StringIO()
        set_up_logs("INFO", as_json=as_json, stream=stream)

        LOG.info("before%safter", control)

        assert control not in stream.getvalue().removesuffix("\n")
        assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    "secret",
    [
        f"Bearer {JWT}",
        JWT,
        "usr_01ARZ3.ses_01ARZ3.4.dGVzdA-_",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        "ada@example.com",
        "Ada.Lovelace+x@mail.example.co.uk",
    ],
)
def test_secrets_and_addresses_are_removed(secret: str) -> None:
    assert secret not in scrubbed(f"told <{secret}> and more")
    assert scrubbed(f"told '{secret}' and more").startswith("told '[removed]")


def test_a_long_message_is_cut(json_lines: io.StringIO) -> None:
    LOG.info("x" * 1_000_000)

    assert len(written(json_lines)["message"]) == MESSAGE_CHARACTERS_MAX


def test_the_text_of_an_unforeseen_error_stays_out(json_lines: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError("hunter2-password")

    try:
        fail()
    except ValueError:
        LOG.exception("It failed.")

    assert "hunter2" not in json_lines.getvalue()
    error = written(json_lines)["error"]
    assert error["type"] == "ValueError"
    assert error["frames"][-1].endswith("in fail")


def test_the_text_of_an_outage_and_its_cause_are_told(json_lines: io.StringIO) -> None:
    outage = OutageError("the table is closed")
    outage.__cause__ = KeyError("hunter2")

    LOG.error("It failed.", exc_info=outage)

    assert written(json_lines)["error"]["type"] == "OutageError: the table is closed < KeyError"


def test_a_readable_line_shows_an_error_below_it(readable_lines: io.StringIO) -> None:
    def fail() -> None:
        raise OutageError("gone")

    try:
        fail()
    except OutageError:
        LOG.exception("It failed.")

    first, second, third, _ = readable_lines.getvalue().splitlines()
    assert first.endswith("ERROR   It failed.  action=web.test")
    assert second.strip() == "OutageError: gone"
    assert "test_logs.py" in third


def test_a_cycle_of_causes_ends(json_lines: io.StringIO) -> None:
    one, other = ValueError(), TypeError()
    one.__cause__, other.__cause__ = other, one

    LOG.error("It failed.", exc_info=one)

    assert written(json_lines)["error"]["type"] == "ValueError < TypeError"


def test_documents_that_strawberry_logs_stay_out(json_lines: io.StringIO) -> None:
    logging.getLogger("strawberry.execution").error('{ login(password: "hunter2") }')

    assert "hunter2" not in json_lines.getvalue()


def test_libraries_are_not_heard_below_info() -> None:
    stream = io.StringIO()
    set_up_logs("DEBUG", as_json=True, stream=stream)

    logging.getLogger("uvicorn.error").debug("< TEXT 'connection_init'")
    assert not stream.getvalue()
    LOG.debug("ours")
    assert written(stream)["message"] == "ours"
