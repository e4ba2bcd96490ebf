"""Lists of assets: which ones, in which order, and a page of them from any place on."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from domain.assets import Asset
from domain.ids import AssetId
from domain.pages import Slice, Stretch
from domain.refusals import InputError, Refusal

FILTER_IDS_MAX = 100
"""Ids that one filter may name, as in the public contract."""

SEARCH_CHARACTERS_MAX = 100
"""Longer than any name of an asset."""

LISTED_MAX = 100
"""Assets in one page, as in the public contract."""


class AssetField(StrEnum):
    """What a list of assets can be sorted by."""

    MARKET_CAP_RANK = "MARKET_CAP_RANK"
    NAME = "NAME"
    PRICE = "PRICE"
    PRICE_CHANGE_24H = "PRICE_CHANGE_24H"
    VOLUME_24H = "VOLUME_24H"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOrder:
    """The order of a list. Assets without the figure come last both ways; ties go by id."""

    field: AssetField = AssetField.MARKET_CAP_RANK
    is_descending: bool = False


SortValue = int | str | None
"""A figure in its smallest units, a name in folded case, or None for an unknown figure."""


@dataclass(frozen=True, slots=True)
class AssetPlace:
    """A place in a sorted list, which outlives the price that put an asset there."""

    value: SortValue
    asset_id: AssetId

    @classmethod
    def of(cls, asset: Asset, field: AssetField) -> "AssetPlace":
        """Return where an asset stands."""
        return cls(_sort_value(asset, field), asset.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """Which assets; everything when nothing is given. `search` looks into id, symbol and name.

    Raises Refusal for more ids or a longer search than a query may have.
    """

    ids: frozenset[AssetId] | None = None
    search: str | None = None
    is_tradable: bool | None = None
    category: str | None = None

    def __post_init__(self) -> None:
        problems = []
        if self.ids is not None and len(self.ids) > FILTER_IDS_MAX:
            message = f"{len(self.ids)} ids were given; at most {FILTER_IDS_MAX} are allowed."
            problems.append(InputError(message, ("filter", "ids")))
        for name, text in (("search", self.search), ("category", self.category)):
            if text is not None and len(text) > SEARCH_CHARACTERS_MAX:
                message = (
                    f"{len(text)} characters were given; "
                    f"at most {SEARCH_CHARACTERS_MAX} are allowed."
                )
                problems.append(InputError(message, ("filter", name)))
        if problems:
            raise Refusal(*problems)

    def takes(self, asset: Asset) -> bool:
        """Tell whether the asset is one of those."""
        if self.ids is not None and asset.id not in self.ids:
            return False
        if self.is_tradable is not None and asset.is_tradable is not self.is_tradable:
            return False
        if self.category is not None and asset.category.casefold() != self.category.casefold():
            return False
        if self.search is None:
            return True
        wanted = self.search.strip().casefold()
        return any(wanted in text.casefold() for text in (asset.id, asset.symbol, asset.name))


EVERY_ASSET = AssetFilter()


def sorted_assets(assets: Iterable[Asset], order: AssetOrder) -> tuple[Asset, ...]:
    """Return the assets in an order."""
    known, unknown = [], []
    for asset in sorted(assets, key=lambda asset: asset.id):
        value = _sort_value(asset, order.field)
        if value is None:
            unknown.append(asset)
        else:
            known.append((value, asset))
    # A stable sort keeps equals in the order of their ids, reversed or not.
    known.sort(key=itemgetter(0), reverse=order.is_descending)
    return (*(asset for _, asset in known), *unknown)


def page_of(
    listed: tuple[Asset, ...], order: AssetOrder, stretch: Stretch[AssetPlace]
) -> Slice[Asset, AssetPlace]:
    """Return a page of assets that are sorted in `order`; `is_ascending` reads them backwards.

    Where to go on from need not be the place of any asset now: prices move between two pages.
    """
    assert 1 <= stretch.limit <= LISTED_MAX, stretch.limit
    found: tuple[Asset, ...]
    if stretch.is_ascending:
        end = len(listed) if stretch.after is None else _count(listed, order, stretch.after)
        found = listed[max(0, end - stretch.limit) : end][::-1]
        has_more = end > len(found)
    else:
        start = 0 if stretch.after is None else _count(listed, order, stretch.after, inclusive=True)
        found = listed[start : start + stretch.limit]
        has_more = start + len(found) < len(listed)
    end_place = AssetPlace.of(found[-1], order.field) if found else None
    return Slice(items=found, has_more=has_more, end=end_place)


def _count(
    listed: tuple[Asset, ...], order: AssetOrder, place: AssetPlace, *, inclusive: bool = False
) -> int:
    """Return how many assets stand before a place, or at it when `inclusive`."""
    low, high = 0, len(listed)
    while low < high:
        middle = (low + high) // 2
        found = AssetPlace.of(listed[middle], order.field)
        if _precedes(found, place, order) or (inclusive and found == place):
            low = middle + 1
        else:
            high = middle
    return low


def _precedes(first: AssetPlace, second: AssetPlace, order: AssetOrder) -> bool:
    if first.value == second.value:
        return first.asset_id < second.asset_id
    if first.value is None or second.value is None:
        return second.value is None
    if isinstance(first.value, str) or isinstance(second.value, str):
        is_less = str(first.value) < str(second.value)
    else:
        is_less = first.value < second.value
    return is_less is not order.is_descending


def _sort_value(asset: Asset, field: AssetField) -> SortValue:
    if field is AssetField.MARKET_CAP_RANK:
        return asset.market_cap_rank
    if field is AssetField.NAME:
        return asset.name.casefold()
    if field is AssetField.PRICE:
        return asset.price.units
    if field is AssetField.PRICE_CHANGE_24H:
        return asset.price_change_24h.units
    return None if asset.volume_24h is None else asset.volume_24h.units
