"""The schema in the hands of others: clients' tools, and who cuts a contract variant out of it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from schema.api import make_schema
from schema.client_sdl import client_sdl
from tests.parts import NPM_FOLDER, node, npm_packages

ROOT = Path(__file__).parents[2]
SUBGRAPH = ROOT / "schema" / "schema.graphql"
TABLE = ROOT / "tests" / "api" / "authorisation.md"
ROW = r"^\| `((?:Query|Subscription)\.\w+)` \| everybody \|$"
READ_S_MAX = 60


def told_by(script: str, *arguments: str | Path) -> Any:
    npm_packages()
    done = subprocess.run(
        [node(), NPM_FOLDER / script, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=READ_S_MAX,
    )
    return json.loads(done.stdout)


def test_what_clients_are_shown_is_a_schema_to_graphql_js(tmp_path: Path) -> None:
    shown = tmp_path / "schema.graphql"
    shown.write_text(client_sdl(make_schema().as_str()))
    operation = '{ asset(id: "BTC") { price candles { close } } }'

    assert told_by("client_schema.js", shown, operation) == []
    assert told_by("client_schema.js", shown, "{ _service { sdl } }") != []


def test_what_gateways_are_shown_is_none_to_it() -> None:
    (told,) = told_by("client_schema.js", SUBGRAPH, "{ __typename }")

    assert 'Unknown directive "@link"' in told


def test_a_contract_variant_of_what_is_public_has_what_strangers_may_read() -> None:
    variant = told_by("contract_variant.js", SUBGRAPH, "public")

    assert variant["errors"] == []
    rows = re.findall(ROW, TABLE.read_text(), re.MULTILINE)
    roots = {field for field in variant["fields"] if field.startswith(("Query.", "Subscription."))}
    assert roots == set(rows)
    assert {"Asset", "Candle", "PriceUpdate", "TradingRules"} <= set(variant["types"])
    private = {"Account", "Mutation", "Order", "Portfolio", "Session", "Transaction", "User"}
    assert private.isdisjoint(variant["types"])


def test_a_variant_of_an_unknown_tag_has_nothing() -> None:
    assert told_by("contract_variant.js", SUBGRAPH, "nothing")["fields"] == []
