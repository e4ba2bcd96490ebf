"""Values that are written out in a document, where variables could stand."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)


def count_literals(document: DocumentNode) -> int:
    """Return how many values there are, those within lists and objects included."""
    count = 0
    waiting: list[Node] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        count += isinstance(node, ValueNode)
        waiting.extend(_within(node))
    return count


def _within(node: Node) -> Iterator[Node]:
    """Yield the nodes below that may hold values, or are some."""
    match node:
        case ListValueNode():
            yield from node.values
            return
        case ObjectValueNode():
            for field in node.fields:
                yield field.value
            return
        case SelectionSetNode():
            yield from node.selections
            return
        case OperationDefinitionNode():
            for variable in node.variable_definitions or ():
                yield from _arguments(variable)
                if variable.default_value:
                    yield variable.default_value
    yield from _arguments(node)
    if inner := getattr(node, "selection_set", None):
        yield inner


def _arguments(node: Node) -> Iterator[ValueNode]:
    if isinstance(node, FieldNode):
        yield from (argument.value for argument in node.arguments or ())
    for directive in getattr(node, "directives", None) or ():
        yield from (argument.value for argument in directive.arguments or ())
