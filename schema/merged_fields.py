"""Fields that answer under one name in one place, as the executor merges them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Return a document's fragments by name."""
    return {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }


def merged_fields(
    selection_sets: Sequence[SelectionSetNode],
    fragments: Fragments,
    type_names: Collection[str] | None = None,
) -> dict[str, list[FieldNode]]:
    """Return the fields selected in one place, by the name that they answer under.

    `type_names` are all that the type there is known by; without it every type condition holds,
    and nothing is left out. With it, a field that a literal @skip or @include leaves out is left
    out here; where a variable decides, it stays.
    """
    found: dict[str, list[FieldNode]] = {}
    spread: set[str] = set()
    waiting = list(reversed(selection_sets))
    while waiting:
        for node in waiting.pop().selections:
            if type_names is not None and _is_left_out(node):
                continue
            if isinstance(node, FieldNode):
                name = node.alias or node.name
                found.setdefault(name.value, []).append(node)
                continue
            inner: InlineFragmentNode | FragmentDefinitionNode | None = None
            if isinstance(node, InlineFragmentNode):
                inner = node
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                inner = fragments.get(node.name.value)
            if inner and _applies(inner, type_names):
                waiting.append(inner.selection_set)
    return found


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many times at most one place asks for one thing under one name."""

    objects: int
    leaves: int


def most_repeats(document: DocumentNode) -> Repeats:
    """Count fields that merge into one.

    The time is linear in `Shape.selections`: ask only where that is bounded.
    """
    fragments = fragments_of(document)
    objects = leaves = 0
    waiting = [
        [node.selection_set]
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    ]
    while waiting:
        merged = merged_fields(waiting.pop(), fragments)
        for nodes in merged.values():
            inner = [node.selection_set for node in nodes if node.selection_set]
            leaves = max(leaves, len(nodes) - len(inner))
            if inner:
                objects = max(objects, len(inner))
                waiting.append(inner)
    return Repeats(objects, leaves)


def _applies(
    node: InlineFragmentNode | FragmentDefinitionNode, type_names: Collection[str] | None
) -> bool:
    condition = node.type_condition
    return type_names is None or condition is None or condition.name.value in type_names


def _is_left_out(node: SelectionNode) -> bool:
    for directive in node.directives or ():
        for argument in directive.arguments or ():
            if isinstance(argument.value, BooleanValueNode):
                condition = argument.value.value
                if (directive.name.value, condition) in {("skip", True), ("include", False)}:
                    return True
    return False
