"""Random valid queries of the contract."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

from tests.schema.contract import contract_schema

SIZED_BY = {"first", "last", "limit"}
SIZES = st.integers(-1, 120)


@dataclass
class Draft:
    """A query in the making."""

    draw: st.DrawFn
    sizes: st.SearchStrategy[int]
    variables: dict[str, int] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def selection(self, parent: GraphQLObjectType, depth: int) -> str:
        """Return a selection set; leaves alone when `depth` is used up."""
        names = [
            name
            for name, found in parent.fields.items()
            if not any(is_required_argument(argument) for argument in found.args.values())
            and (depth > 0 or is_leaf_type(get_named_type(found.type)))
        ]
        chosen = self.draw(st.lists(st.sampled_from(names), max_size=3)) if names else []
        parts = [self.field(name, parent.fields[name], depth) for name in chosen]
        text = " ".join(["__typename", *parts])
        match self.draw(st.integers(0, 5)):
            case 0:
                text = f"... on {parent.name} {{ {text} }}"
            case 1:
                name = f"F{len(self.fragments)}"
                self.fragments.append(f"fragment {name} on {parent.name} {{ {text} }}")
                text = f"...{name} ...{name}"
        return f"{{ {text} }}"

    def field(self, name: str, found: GraphQLField, depth: int) -> str:
        given = [self.argument(argument) for argument in sorted(SIZED_BY & found.args.keys())]
        arguments = " ".join(filter(None, given))
        inner = self.inner(get_named_type(found.type), depth - 1)
        if not arguments:
            return f"{name} {inner}"  # may stand twice, and is merged then
        self.aliases += 1
        return f"a{self.aliases}: {name}({arguments}) {inner}"

    def inner(self, named: Any, depth: int) -> str:
        if is_leaf_type(named):
            return ""
        if not is_abstract_type(named):
            return self.selection(named, depth)
        members = contract_schema().get_possible_types(named)
        parts = [
            f"... on {member.name} {self.selection(member, 0)}"
            for member in members
            if self.chance()
        ]
        return f"{{ __typename {' '.join(parts)} }}"

    def argument(self, name: str) -> str:
        number = self.draw(self.sizes)
        match self.draw(st.integers(0, 3)):
            case 0:
                return f"{name}: {number}"
            case 1:
                variable = f"v{len(self.variables)}"
                self.variables[variable] = number
                return f"{name}: ${variable}"
            case 2:
                return f"{name}: null"
            case _:
                return ""


@st.composite
def queries(draw: st.DrawFn, sizes: st.SearchStrategy[int] = SIZES) -> tuple[str, dict[str, int]]:
    """Draw a query and its variables; `sizes` are the values of arguments that size a list."""
    draft = Draft(draw, sizes)
    root = contract_schema().query_type
    assert root
    body = draft.selection(root, depth=5)
    defined = " ".join(f"${name}: Int" for name in draft.variables)
    head = f"query ({defined}) " if defined else "query "
    return head + body + " " + " ".join(draft.fragments), draft.variables
