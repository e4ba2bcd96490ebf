"""Descriptions for what is defined outside of the schema: the domain's own enumerations."""

from collections.abc import Mapping
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def described_enum(
    enum: type[Enum], description: str, values: Mapping[str, str], *, name: str | None = None
) -> None:
    """Make the enumeration a GraphQL one, with a description for each of its values.

    Strawberry keeps its definition on the class itself. Raises ValueError when a value has no
    description, or a description no value.
    """
    if set(values) != set(enum.__members__):
        message = f"{enum.__name__} has the values {list(enum.__members__)}, not {list(values)}"
        raise ValueError(message)
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = vars(enum)["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]
