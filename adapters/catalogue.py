"""The catalogue that is shipped with the program."""

import json
from datetime import datetime
from decimal import Decimal
from importlib import resources
from typing import TypeVar

from adapters.fields import Fields
from domain.assets import AssetFacts, PriceExtreme
from domain.catalogue import CatalogueEntry
from domain.ids import AssetId
from domain.money import Fixed, Percent, Price, Quantity

AmountT = TypeVar("AmountT", bound=Fixed)


def shipped_catalogue() -> tuple[CatalogueEntry, ...]:
    """Read domain/catalogue.json, which has the largest market cap first."""
    text = resources.files("domain").joinpath("catalogue.json").read_text(encoding="utf-8")
    document = Fields(json.loads(text), "catalogue")
    prices_at = datetime.fromisoformat(document.text("prices_at"))
    return tuple(_entry(fields, prices_at) for fields in document.all_nested("assets"))


def _entry(fields: Fields, prices_at: datetime) -> CatalogueEntry:
    asset_id = AssetId(fields.text("id"))
    return CatalogueEntry(
        facts=AssetFacts(
            id=asset_id,
            symbol=asset_id,
            name=fields.text("name"),
            category=fields.text("category"),
            description=fields.text("description"),
            image_url=fields.text_or_none("image_url"),
            circulating_supply=_amount_or_none(Quantity, fields, "circulating_supply"),
            total_supply=_amount_or_none(Quantity, fields, "total_supply"),
            max_supply=_amount_or_none(Quantity, fields, "max_supply"),
        ),
        price=_amount(Price, fields, "price"),
        price_at=prices_at,
        daily_volatility=_amount(Percent, fields, "daily_volatility_percent"),
        all_time_high=_extreme(fields.nested("all_time_high")),
        all_time_low=_extreme(fields.nested("all_time_low")),
    )


def _extreme(fields: Fields | None) -> PriceExtreme | None:
    if fields is None:
        return None
    return PriceExtreme(
        price=_amount(Price, fields, "price"), at=datetime.fromisoformat(fields.text("at"))
    )


def _amount(kind: type[AmountT], fields: Fields, name: str) -> AmountT:
    return kind.of(Decimal(fields.text(name)))


def _amount_or_none(kind: type[AmountT], fields: Fields, name: str) -> AmountT | None:
    return None if fields.text_or_none(name) is None else _amount(kind, fields, name)
