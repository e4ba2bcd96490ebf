"""GraphQL types as views of the domain's: told apart, within a union or an interface, by class."""

from collections.abc import Callable


def view_of(shown: type) -> Callable[[object, object], bool]:
    """Return the `is_type_of` of a GraphQL type that shows instances of a class."""

    def is_type_of(value: object, _info: object) -> bool:
        return isinstance(value, shown)

    return is_type_of
