"""What fields and arguments weigh, by their names: the source of query cost and of `@cost`."""

from domain.pages import EXAMINED_MAX
from schema.cost_plan import ROWS_PER_POINT

OBJECT_POINTS = 1
MUTATION_POINTS = 10
"""A mutation, its payload included: a transaction on disk outweighs ten objects in memory."""

FILTER_POINTS = EXAMINED_MAX // ROWS_PER_POINT
"""What a filter may make the store pass over."""

STORED_LISTS = frozenset({"Query.orders", "Query.transactions"})
"""Connections whose pages are read from the store; assets are in memory."""


def weight_of(parent: str, field: str) -> int:
    """Return the points of a field that answers with an object, without what is selected of it."""
    if parent == "Mutation":
        return MUTATION_POINTS
    # An edge is its node: the list of edges has paid for both.
    return 0 if parent.endswith("Edge") and field == "node" else OBJECT_POINTS


def weight_of_argument(parent: str, field: str, argument: str) -> int:
    """Return the points that an argument holds where it is given, whatever its value."""
    is_filter = argument == "filter" and f"{parent}.{field}" in STORED_LISTS
    return FILTER_POINTS if is_filter else 0
