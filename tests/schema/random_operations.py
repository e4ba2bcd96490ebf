"""Random operations of the served schema: valid documents, with values of every sort in them."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from tests.api.whole_selections import RootField, root_fields, served

DEPTH_MAX = 5
FIELDS_MAX = 4

ENDS_THE_SESSION = {"logout", "changePassword"}
"""They would leave a stranger for all examples after."""

ROOTS = [one for one in root_fields("Query", "Mutation") if one.name not in ENDS_THE_SESSION]

ODD_TEXTS = st.sampled_from(
    [
        *("", " ", "BTC", "btc", "0", "-1", "1e9", "0.00000001", "9" * 70, "NaN", "\x00", "🦩"),
        *("ord_", "'; --", "{}", "2026-02-30", "2026-03-01", "2026-03-01T00:00:00Z", "x" * 5_000),
    ]
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ODD_TEXTS
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abid", max_size=4), inner),
    max_leaves=4,
)


SENSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "Int": st.integers(1, 50),
    "Boolean": st.booleans(),
    "Decimal": st.decimals(0, 100, places=2).map(str),
    "ID": st.sampled_from(["BTC", "ETH", "DOGE"]),
    "Date": st.just("1990-03-01"),
    "DateTime": st.sampled_from(["2026-03-01T00:00:00Z", "2099-03-01T00:00:00Z"]),
    "String": st.sampled_from(["Ada", "ada@example.com", "Paper-Money-2026", "coin"]),
}
"""What a client might send; the rest is for rules to refuse."""

NEVER_GUESSED = {"after", "before", "last"}
"""A cursor comes from a page, and one end of it is enough."""


@dataclass
class Draft:
    """An operation in the making; all values are variables."""

    draw: st.DrawFn
    is_wild: bool
    """Whether values are of every sort, and not only such as a client might send."""
    variables: dict[str, Any] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def root(self, root: RootField, alias: str) -> str:
        return f"{alias}: {self._field(root.name, root.field, DEPTH_MAX)}"

    def _field(self, name: str, found: GraphQLField, depth: int) -> str:
        passed = []
        for argument, place in found.args.items():
            if not self.is_wild and argument in NEVER_GUESSED:
                continue
            if is_required_argument(place) or self.draw(st.booleans()):
                variable = f"v{len(self.variables)}"
                drawn = value(place.type, DEPTH_MAX, is_wild=self.is_wild)
                self.variables[variable] = self.draw(drawn)
                self.types[variable] = str(place.type)
                passed.append(f"{argument}: ${variable}")
        arguments = f"({', '.join(passed)})" if passed else ""
        return f"{name}{arguments} {self._selection(get_named_type(found.type), depth - 1)}"

    def _selection(self, named: Any, depth: int) -> str:
        if is_leaf_type(named):
            return ""
        if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
            members = served().get_possible_types(named)
            parts = [f"... on {one.name} {self._selection(one, 0)}" for one in members]
            return f"{{ __typename {' '.join(parts)} }}"
        assert isinstance(named, GraphQLObjectType)
        fitting = [
            name
            for name, found in named.fields.items()
            if depth > 0 or is_leaf_type(get_named_type(found.type))
        ]
        chosen = self.draw(st.lists(st.sampled_from(fitting), max_size=FIELDS_MAX, unique=True))
        parts = [self._field(name, named.fields[name], depth) for name in chosen]
        return f"{{ __typename {' '.join(parts)} }}"


def value(wanted: Any, depth: int, *, is_wild: bool) -> st.SearchStrategy[Any]:
    """Return values of a type; of wild ones, one in a few is of any other."""
    fitting = _fitting(wanted, depth, is_wild=is_wild)
    return st.one_of(*[fitting] * 4, ANYTHING) if is_wild else fitting


def _fitting(wanted: Any, depth: int, *, is_wild: bool) -> st.SearchStrategy[Any]:
    if is_non_null_type(wanted):
        return _fitting(wanted.of_type, depth, is_wild=is_wild)
    if is_list_type(wanted):
        return st.lists(value(wanted.of_type, depth - 1, is_wild=is_wild), max_size=4)
    if is_enum_type(wanted):
        return st.sampled_from(sorted(wanted.values))
    if isinstance(wanted, GraphQLInputObjectType):
        inner = {
            name: value(field.type, depth - 1, is_wild=is_wild)
            for name, field in wanted.fields.items()
        }
        needed = {n for n, f in wanted.fields.items() if is_required_input_field(f)}
        return st.fixed_dictionaries(
            {name: drawn for name, drawn in inner.items() if name in needed},
            optional={name: drawn for name, drawn in inner.items() if name not in needed},
        )
    if not is_wild:
        return SENSIBLE[wanted.name]
    known: dict[str, st.SearchStrategy[Any]] = {
        "Int": st.integers(-5, 120),
        "Boolean": st.booleans(),
        "Decimal": st.decimals(-1, 10**7, places=2).map(str),
        "ID": st.sampled_from(["BTC", "ETH", "nope"]) | ODD_TEXTS,
    }
    return known.get(wanted.name, ODD_TEXTS)


@st.composite
def operations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the body of a request."""
    draft = Draft(draw, is_wild=draw(st.booleans()))
    first = draw(st.sampled_from(ROOTS))
    more = draw(st.lists(st.sampled_from(ROOTS), max_size=2))
    roots = [first, *(one for one in more if one.kind == first.kind)]
    body = " ".join(draft.root(root, f"r{number}") for number, root in enumerate(roots))
    defined = ", ".join(f"${name}: {kind}" for name, kind in draft.types.items())
    head = f"{first.kind.lower()} {f'({defined})' if defined else ''}"
    return {"query": f"{head} {{ {body} }}", "variables": draft.variables}
