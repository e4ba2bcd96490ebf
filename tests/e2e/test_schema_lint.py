"""The schema as the npm package graphql-eslint judges it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.parts import NPM_FOLDER, node, npm_packages

SCHEMA = Path(__file__).parents[2] / "schema" / "schema.graphql"
LINT_S_MAX = 120


def lint(schema: Path) -> list[str]:
    npm_packages()
    done = subprocess.run(
        [node(), NPM_FOLDER / "lint_schema.js", schema],
        check=False,
        capture_output=True,
        text=True,
        timeout=LINT_S_MAX,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_schema_passes_every_rule(say: Callable[[str], None]) -> None:
    summary, *findings = lint(SCHEMA)

    say(summary)
    assert findings == []


def test_a_fault_is_found(tmp_path: Path) -> None:
    faulty = tmp_path / "schema.graphql"
    text = SCHEMA.read_text()
    faulty.write_text(text.replace("input: LoginInput!", "who: LoginInput!"))

    _, finding = lint(faulty)

    assert "@graphql-eslint/input-name" in finding
