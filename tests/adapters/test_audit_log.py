"""The audit trail as lines of JSON."""

import io
import json

import pytest

from adapters.audit_log import AuditLog
from domain.ids import AccountId, UserId
from domain.ports.audit_trail import AuditAction, AuditEvent, AuditReason
from web.logs import RequestNotes, current_request, set_up_logs


@pytest.fixture
def lines(logs_as_they_were: None) -> io.StringIO:
    stream = io.StringIO()
    set_up_logs("ERROR", as_json=True, stream=stream)
    return stream


def test_an_event_is_a_line_whatever_the_level_of_other_logs(lines: io.StringIO) -> None:
    token = current_request.set(RequestNotes("r-1"))
    AuditLog().record(
        AuditEvent(
            action=AuditAction.ACCESS_REFUSED,
            user_id=UserId("usr_1"),
            reason=AuditReason.REVOKED,
        )
    )
    current_request.reset(token)

    line = json.loads(lines.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "service": "cnop",
        "request_id": "r-1",
        "message": "Audit: access.refused",
        "action": "access.refused",
        "audit": True,
        "user": "usr_1",
        "reason": "revoked",
    }


def test_a_movement_names_the_journal_entry_and_no_amount(lines: io.StringIO) -> None:
    AuditLog().record(
        AuditEvent(
            action=AuditAction.MONEY_MOVED,
            account_id=AccountId("acc_1"),
            version=7,
            kind="DEPOSIT",
        )
    )

    line = json.loads(lines.getvalue())
    assert {name: line[name] for name in ("action", "account", "version", "kind")} == {
        "action": "money.moved",
        "account": "acc_1",
        "version": 7,
        "kind": "DEPOSIT",
    }
