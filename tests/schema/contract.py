"""The contract as a schema of GraphQL alone, and what the tests ask of it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema, specified_rules

from schema.limits import QueryLimits
from schema.prepared_documents import Documents, Prepared

CONTRACT = Path(__file__).parents[1] / "api" / "contract.graphql"
DIRECTIVES = """
directive @key(fields: String!) on OBJECT
directive @shareable on OBJECT
"""


@cache
def contract_schema() -> GraphQLSchema:
    return build_schema(DIRECTIVES + CONTRACT.read_text())


def documents() -> Documents:
    return Documents(contract_schema(), QueryLimits())


def prepared(text: str) -> Prepared:
    """Return a document that is known to be valid."""
    found = documents().prepared(text, specified_rules)
    assert [error.message for error in found.errors] == []
    return found


def nodes_of(text: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> int:
    return prepared(text).plan(name).nodes(variables or {})


def cost_of(text: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> int:
    """Return the cost, whatever the limit of nodes says."""
    return prepared(text).plan(name).points(variables or {})


def doubling(levels: int) -> str:
    """Return a document that is 2**levels times as large as it looks."""
    fragments = [
        f"fragment F{i} on A {{ a {{ ...F{i + 1} }} b {{ ...F{i + 1} }} }}" for i in range(levels)
    ]
    return f"{{ a {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on A {{ id }}"
