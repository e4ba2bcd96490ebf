"""The README's tour, word for word: every command is run, every answer is compared."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.server import running

README = Path(__file__).parents[2] / "README.md"
ANYTHING = "…"
WRITTEN_FOR = "http://127.0.0.1:8000"
TOUR_S_MAX = 120


def tour() -> list[tuple[str, str]]:
    """Return the fenced blocks of the tour, each with its language."""
    chapter = README.read_text().split("## A tour of two minutes")[1].split("\n## ")[0]
    return re.findall(r"^```(sh|json)\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)


def matches(told: Any, answered: Any) -> bool:
    """Tell whether an answer is what the README says; the ellipsis stands for any text."""
    if told == ANYTHING:
        return isinstance(answered, str) and answered != ""
    if isinstance(told, dict) and isinstance(answered, dict):
        return told.keys() == answered.keys() and all(
            matches(told[key], answered[key]) for key in told
        )
    if isinstance(told, list) and isinstance(answered, list):
        return len(told) == len(answered) and all(map(matches, told, answered))
    return bool(told == answered)


def without_cost(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without `extensions.cost`, which the README leaves out and says so."""
    assert answer.pop("extensions").keys() == {"cost"}
    return answer


def test_the_tour_answers_as_the_readme_says(tmp_path: Path) -> None:
    # Given a server on a fresh store, and the tour as one script that marks where a block ends.
    blocks = tour()
    with running(tmp_path) as server:
        script = "".join(f"{text}\necho ---\n" for language, text in blocks if language == "sh")

        # When a stranger pastes all of it.
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace(WRITTEN_FOR, server.url)],
            check=True,
            capture_output=True,
            text=True,
            timeout=TOUR_S_MAX,
        )

    # Then each block that is followed by an answer has given it.
    given = iter(done.stdout.split("---\n"))
    answered = ""
    for language, text in blocks:
        if language == "sh":
            answered = next(given)
        else:
            assert matches(json.loads(text), without_cost(json.loads(answered))), answered
    assert sum(language == "json" for language, _ in blocks) >= 5
