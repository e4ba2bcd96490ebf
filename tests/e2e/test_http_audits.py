"""GraphQL over HTTP, as the server audits of the npm package graphql-http judge it."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.server import running
from tests.parts import NPM_FOLDER, node, npm_packages

AUDITS_S_MAX = 120


def test_the_server_passes_every_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    npm_packages()

    with running(tmp_path) as server:
        done = subprocess.run(
            [node(), NPM_FOLDER / "http_audits.js", f"{server.url}/graphql"],
            check=False,
            capture_output=True,
            text=True,
            timeout=AUDITS_S_MAX,
        )

    summary = done.stdout.splitlines()
    with capsys.disabled():
        print(f"\n{summary[0]}")  # noqa: T201 - CI is to show it
    assert done.returncode == 0, done.stderr
    assert summary[1:] == []
