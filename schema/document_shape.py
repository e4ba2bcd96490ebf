"""How large a document is, measured in time linear in its text, however its fragments nest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.literals import count_literals

SATURATED = 2**31 - 1
"""Where counts stop growing: the largest Int of GraphQL. Doubled fragments reach any number."""

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})


class FragmentsUnclearError(Exception):
    """A fragment spreads itself, is never used, or shares its name: no size can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes as executed: where a fragment is spread, all that it holds counts again.

    Depth, aliases and root fields are those of the largest operation; selections (fields, spreads
    and inline fragments) are those of all operations together. `selections_visited` are
    those that measuring had to look at.
    """

    depth: int
    introspection_depth: int
    aliases: int
    root_fields: int
    selections: int
    directives: int
    operations: int
    literals: int
    selections_visited: int


@dataclass(frozen=True, slots=True)
class _Spread:
    name: str
    level: int
    is_introspection: bool


@dataclass(slots=True)
class _Part:
    """One definition; until its spreads are added it holds only what is written in itself."""

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    root_fields: int = 0
    selections: int = 0
    directives: int = 0
    spreads: list[_Spread] = field(default_factory=list)

    def reach(self, level: int, *, is_introspection: bool) -> None:
        """Note that there is something this deep."""
        if is_introspection:
            self.introspection_depth = max(self.introspection_depth, level)
        else:
            self.depth = max(self.depth, level)

    def add(self, other: "_Part", spread: _Spread) -> None:
        """Count a fragment's content where it is spread."""
        if other.depth:
            self.reach(spread.level + other.depth, is_introspection=spread.is_introspection)
        if other.introspection_depth:
            self.reach(spread.level + other.introspection_depth, is_introspection=True)
        self.aliases = min(self.aliases + other.aliases, SATURATED)
        self.selections = min(self.selections + other.selections, SATURATED)
        if not spread.level:
            self.root_fields = min(self.root_fields + other.root_fields, SATURATED)


def shape_of(document: DocumentNode) -> Shape:
    """Measure a document. Raises FragmentsUnclearError."""
    fragments: dict[str, _Part] = {}
    operations: list[_Part] = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations.append(_written_in(definition))
        elif isinstance(definition, FragmentDefinitionNode):
            name = definition.name.value
            if name in fragments:
                raise FragmentsUnclearError(f"There can be only one fragment named {name}.")
            fragments[name] = _written_in(definition)
    parts = [*operations, *fragments.values()]
    written = sum(part.selections for part in parts)
    _refuse_unused(fragments, parts)
    for name in _users_last(fragments):
        _expand(fragments[name], fragments)
    for operation in operations:
        _expand(operation, fragments)
    return Shape(
        depth=max((part.depth for part in operations), default=0),
        introspection_depth=max((part.introspection_depth for part in operations), default=0),
        aliases=max((part.aliases for part in operations), default=0),
        root_fields=max((part.root_fields for part in operations), default=0),
        selections=min(sum(part.selections for part in operations), SATURATED),
        directives=sum(part.directives for part in parts),
        operations=len(operations),
        literals=count_literals(document),
        selections_visited=written,
    )


def _refuse_unused(fragments: Mapping[str, "_Part"], parts: Sequence["_Part"]) -> None:
    used = {spread.name for part in parts for spread in part.spreads}
    for name in fragments:
        if name not in used:
            raise FragmentsUnclearError(f"The fragment {name} is never used.")


def _written_in(definition: OperationDefinitionNode | FragmentDefinitionNode) -> _Part:
    part = _Part(directives=len(definition.directives or ()))
    for variable in definition.variable_definitions or ():
        part.directives += len(variable.directives or ())
    starts_within = isinstance(
        definition, FragmentDefinitionNode
    ) and definition.type_condition.name.value.startswith("__")
    # A stack of our own: documents may be deeper than Python's.
    waiting: list[tuple[SelectionSetNode, int, bool]] = [
        (definition.selection_set, 0, starts_within)
    ]
    while waiting:
        selections, level, is_introspection = waiting.pop()
        for node in selections.selections:
            part.selections += 1
            part.directives += len(node.directives or ())
            if isinstance(node, FragmentSpreadNode):
                part.spreads.append(_Spread(node.name.value, level, is_introspection))
            elif isinstance(node, FieldNode):
                is_within = is_introspection or node.name.value in INTROSPECTION_FIELDS
                part.aliases += node.alias is not None
                part.root_fields += level == 0
                part.reach(level + 1, is_introspection=is_within)
                if node.selection_set:
                    waiting.append((node.selection_set, level + 1, is_within))
            elif isinstance(node, InlineFragmentNode):
                waiting.append((node.selection_set, level, is_introspection))
    return part


def _expand(part: _Part, fragments: Mapping[str, _Part]) -> None:
    for spread in part.spreads:
        if spread.name in fragments:
            part.add(fragments[spread.name], spread)


def _users_last(fragments: Mapping[str, _Part]) -> list[str]:
    """Return the fragments in an order in which each comes after all that it spreads."""
    done: dict[str, None] = {}
    for start in fragments:
        path: dict[str, Iterator[_Spread]] = {}
        name: str | None = start if start not in done else None
        while name is not None or path:
            if name is not None:
                path[name] = iter(fragments[name].spreads)
            current = next(reversed(path))
            name = _next_undone(path[current], fragments, done)
            if name is None:
                done[current] = None
                del path[current]
            elif name in path:
                raise FragmentsUnclearError(f"The fragment {name} spreads itself.")
    return list(done)


def _next_undone(
    spreads: Iterator[_Spread], fragments: Mapping[str, _Part], done: Mapping[str, None]
) -> str | None:
    for spread in spreads:
        if spread.name in fragments and spread.name not in done:
            return spread.name
    return None
