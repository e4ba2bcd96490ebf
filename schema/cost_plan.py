"""A compiled operation: its price for any variables, and what an answer of it did cost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schema.document_shape import SATURATED
from schema.list_sizes import Size, Variables

Term = int | Callable[[Variables], int]
"""A number of objects, or how the request's variables make it; never above SATURATED."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A field that answers with objects; `members` are its selections, one for each type."""

    key: str
    points: int
    size: Size | None  # None: a single object
    members: tuple[tuple["Priced", ...], ...]

    def term(self) -> Term:
        """Return what the field can cost at most."""
        members = [total(field.term() for field in member) for member in self.members]
        one = total([self.points, _dearest(members)])
        return one if self.size is None else _product(self.size, one)

    def spent_on(self, value: object) -> int:
        """Return what an answer did cost."""
        if value is None:
            return 0
        items: Sequence[Any] = value if isinstance(value, list) else (value,)
        spent = self.points * (len(items) - items.count(None))
        if self.members:
            spent += sum(
                max(_spent(member, item) for member in self.members)
                for item in items
                if item is not None
            )
        return spent


@dataclass(frozen=True, slots=True)
class CostPlan:
    """What one operation costs, ready for any variables."""

    fields: tuple[Priced, ...]
    surcharge: int
    """Points that are no objects: what makes a mutation dearer, and introspection."""
    objects: Term
    """Objects that could be returned."""

    def nodes(self, variables: Variables) -> int:
        """Return how many objects these variables could bring, at most SATURATED."""
        objects = self.objects
        return objects if isinstance(objects, int) else objects(variables)

    def requested(self, variables: Variables) -> int:
        """Return the points to hold before running, at most SATURATED."""
        return min(self.nodes(variables) + self.surcharge, SATURATED)

    def actual(self, data: Mapping[str, Any] | None, requested: int) -> int:
        """Return the points that an answer took, at most `requested`.

        Looks at objects that hold other objects, and at no scalar: a list of leaves is one step.
        """
        return min((_spent(self.fields, data) if data else 0) + self.surcharge, requested)


def total(terms: Iterable[Term]) -> Term:
    """Return the sum; what needs no variables is added up now."""
    known, open_terms = 0, []
    for term in terms:
        if isinstance(term, int):
            known += term
        else:
            open_terms.append(term)
    if not open_terms:
        return min(known, SATURATED)

    def add(variables: Variables) -> int:
        number = known
        for term in open_terms:
            number += term(variables)
        return min(number, SATURATED)

    return add


def _product(size: Size, one: Term) -> Term:
    if isinstance(one, int):
        if isinstance(size, int):
            return min(size * one, SATURATED)
        return lambda variables: min(size(variables) * one, SATURATED)
    if isinstance(size, int):
        return lambda variables: min(size * one(variables), SATURATED)
    return lambda variables: min(size(variables) * one(variables), SATURATED)


def _dearest(terms: Sequence[Term]) -> Term:
    """Return the largest; its value waits for the variables if any of them does."""
    if len(terms) == 1:
        return terms[0]
    known = max((term for term in terms if isinstance(term, int)), default=0)
    open_terms = [term for term in terms if not isinstance(term, int)]
    if not open_terms:
        return known
    return lambda variables: max(known, *[term(variables) for term in open_terms])


def _spent(fields: Sequence[Priced], data: Mapping[str, Any]) -> int:
    return sum(field.spent_on(data.get(field.key)) for field in fields)
