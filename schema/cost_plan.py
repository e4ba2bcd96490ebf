"""A compiled operation: its price for any variables, and what an answer of it did cost."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from schema.document_shape import SATURATED
from schema.list_sizes import Size, Variables

Term = int | Callable[[Variables], int]
"""A number of objects, or how the request's variables make it; never above SATURATED."""

ROWS_PER_POINT = 10
"""Rows for a point that are no objects of the answer: those of introspection, which tools ask for
each second and strangers may not, and those that the store reads and nobody is shown."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A field that answers with objects; `members` are its selections, one for each type."""

    key: str
    points: int
    size: Size | None  # None: a single object
    members: tuple[tuple["Priced", ...], ...]

    def term(self) -> Term:
        """Return what the field can cost at most."""
        one = self.item_term()
        return one if self.size is None else _product(self.size, one)

    def item_term(self) -> Term:
        """Return what one of the field's objects can cost."""
        members = [total(field.term() for field in member) for member in self.members]
        return total([self.points, _dearest(members)])


@dataclass(frozen=True, slots=True)
class CostPlan:
    """What one operation costs, ready for any variables."""

    fields: tuple[Priced, ...]
    surcharge: int
    """Points that are no objects: what makes a mutation dearer, and introspection."""
    objects: Term
    """Objects that could be returned."""
    unseen_rows: Term = 0
    """Rows of pages whose items were not asked for; they are read all the same."""
    filter_points: int = 0
    """Points for the rows that filters may pass over, until it is known how many they did."""

    def nodes(self, variables: Variables) -> int:
        """Return how many objects these variables could bring, at most SATURATED."""
        objects = self.objects
        return objects if isinstance(objects, int) else objects(variables)

    def item_points(self, variables: Variables) -> int:
        """Return what one object of the root fields costs: of a stream, one item of an event."""
        items = total(field.item_term() for field in self.fields)
        return items if isinstance(items, int) else items(variables)

    def points(self, variables: Variables) -> int:
        """Return the points to hold for these variables, at most SATURATED."""
        most = self.nodes(variables) + self._fixed(variables) + self.filter_points
        return min(most, SATURATED)

    def actual(
        self,
        data: Mapping[str, Any] | None,
        requested: int,
        variables: Variables = MappingProxyType({}),
        *,
        rows_passed_over: int = 0,
        failed: Collection[str] = (),
    ) -> int:
        """Return the points that an answer took, at most `requested`.

        Looks at no scalar, and at one object once: 0.1 µs each, and nothing for the rest. Of the
        root fields that `failed` somewhere within, what was worked out before can't be seen, so
        they cost all that was held for them.
        """
        shown = [field for field in self.fields if field.key not in failed]
        spent = _spent(shown, [data]) if data else 0
        lost = total(field.term() for field in self.fields if field.key in failed)
        spent += lost if isinstance(lost, int) else lost(variables)
        spent += self._fixed(variables) + -(-rows_passed_over // ROWS_PER_POINT)
        return min(spent, requested)

    def _fixed(self, variables: Variables) -> int:
        """Return the points that are no objects and are not given back."""
        rows = self.unseen_rows
        number = rows if isinstance(rows, int) else rows(variables)
        return self.surcharge + -(-number // ROWS_PER_POINT)


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


def _spent(fields: Iterable[Priced], parents: Sequence[Mapping[str, Any]]) -> int:
    """Return the points of these fields in all these objects: by level, since loops are slow.

    Members that answer under one name are all counted there; the sum is cut off at `requested`.
    """
    spent = 0
    for field in fields:
        found = [parent.get(field.key) for parent in parents]
        if field.size is not None:
            found = [item for items in found if items is not None for item in items]
        objects = [item for item in found if item is not None]
        spent += field.points * len(objects)
        for member in field.members:
            spent += _spent(member, objects)
    return spent
