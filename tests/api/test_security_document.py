"""SECURITY.md names only what there is, and every code and action that there is."""

import re
from pathlib import Path

from domain.ports.audit_trail import AuditAction, AuditReason

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()

_CODE = re.compile(
    r'(?:"code": |_(?:FAILED|EXCEEDED|DISABLED|TRUSTED) = |return |_FOUND = |, )'
    r'"([A-Z]+(?:_[A-Z]+)+|INTERNAL|UNAUTHENTICATED)"'
)


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", TEXT)

    assert [path for path in named if not (ROOT / path).exists()] == []
    assert len(named) > 20


def test_every_code_of_an_error_is_explained() -> None:
    sources = [ROOT / "schema" / "errors.py", *sorted((ROOT / "schema").glob("*.py"))]
    sources += sorted((ROOT / "web").glob("graphql_*.py"))
    found = {code for source in sources for code in _CODE.findall(source.read_text())}

    assert "COST_LIMIT_EXCEEDED" in found
    assert {code for code in found if f"`{code}`" not in TEXT} == set()


def test_every_event_of_the_audit_trail_is_explained() -> None:
    told = [*AuditAction, *AuditReason]

    assert [one.value for one in told if f"`{one.value}`" not in TEXT] == []
