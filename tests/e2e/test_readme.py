"""The README's tour, word for word: every command is run, every answer is compared."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.people import DEPOSIT, register
from tests.e2e.server import SERVE, run, running

README = Path(__file__).parents[2] / "README.md"
ANYTHING = "…"
WRITTEN_FOR = "http://127.0.0.1:8000"
TOUR_S_MAX = 120


def blocks_of(chapter_name: str) -> list[tuple[str, str]]:
    """Return the fenced blocks of a chapter, each with its language."""
    chapter = README.read_text().split(f"\n## {chapter_name}")[1].split("\n## ")[0]
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
    blocks = blocks_of("A tour of two minutes")
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


PLACE = """
mutation ($limit: Decimal!) {
  placeOrder(input: {
    assetId: "BTC", side: BUY, type: LIMIT, timeInForce: DAY, quantity: "0.01", limitPrice: $limit
  }) { order { id } errors { code message } }
}"""
ORDERS = "{ orders { nodes { status updatedAt limitPrice fill { price } } } }"


async def test_time_travels_as_the_readme_says(tmp_path: Path) -> None:
    # Given its recording, and its command, played step by step.
    blocks = blocks_of("Travel in time")
    (_, recording), (_, command_line), (_, step), (_, answer) = blocks
    shell(recording, tmp_path)
    *assigned, program, name, option, clock = command_line.split()
    assert (program, name) == ("cnop", "serve")
    given = dict(variable.split("=") for variable in assigned)
    given["CNOP_REPLAY_SPEED"] = "step"
    with running(tmp_path, (*SERVE, option, clock), **given) as server:
        async with server.client() as client:
            # When its two orders are placed before midnight, and the days pass.
            ada = await register(client, "ada_lovelace")
            told = shell(step.replace(WRITTEN_FOR, server.url), tmp_path)
            await deposit(client, ada.access_token)
            for limit in ("61200", "60000"):
                placed = await run(client, PLACE, ada.access_token, limit=limit)
                assert placed["placeOrder"]["errors"] == []
            last = await client.post("/replay/step", json={"lines": 100})
            orders = (await run(client, ORDERS, ada.access_token))["orders"]["nodes"]
            await deposit(client, ada.access_token)

    assert json.loads(told) == json.loads(answer)
    assert last.json() == {"marketTime": "2024-03-02T00:03:00.000Z", "hasEnded": True}
    # Then the one has filled, and the other has ended.
    assert orders == [
        {
            "status": "EXPIRED",
            "updatedAt": "2024-03-02T00:01:00.000Z",
            "limitPrice": "60000",
            "fill": None,
        },
        {
            "status": "FILLED",
            "updatedAt": "2024-03-01T23:59:00.000Z",
            "limitPrice": "61200",
            "fill": {"price": "61000"},
        },
    ]


def shell(script: str, folder: Path) -> str:
    """Run a block in a folder, and return what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TOUR_S_MAX,
    )
    return done.stdout


async def deposit(client: httpx.AsyncClient, token: str) -> None:
    """Put in as much as a day allows."""
    done = await run(client, DEPOSIT, token, amount="10000.00")
    assert done["deposit"]["errors"] == []
