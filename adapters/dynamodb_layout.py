"""The DynamoDB table's layout, which Terraform reads from the same file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from adapters.dynamodb_codec import Wire

FILE = "dynamodb_layout.json"


@dataclass(frozen=True, slots=True)
class LocalIndex:
    """One local index: it shares the table's partitions and has an order of its own."""

    name: str
    range_key: str
    projection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """What a table is made with. Keys and local indexes can't be changed afterwards."""

    billing_mode: str
    hash_key: str
    range_key: str
    attribute_types: Mapping[str, str]
    local_indexes: tuple[LocalIndex, ...]
    expiry_attribute: str
    point_in_time_recovery: bool
    deletion_protection: bool

    def definition(self, name: str) -> Wire:
        """Return the request of CreateTable."""
        return {
            "TableName": name,
            "BillingMode": self.billing_mode,
            "DeletionProtectionEnabled": self.deletion_protection,
            "AttributeDefinitions": [
                {"AttributeName": attribute, "AttributeType": kind}
                for attribute, kind in self.attribute_types.items()
            ],
            "KeySchema": self._keys(self.range_key),
            "LocalSecondaryIndexes": [
                {
                    "IndexName": index.name,
                    "KeySchema": self._keys(index.range_key),
                    "Projection": {"ProjectionType": index.projection},
                }
                for index in self.local_indexes
            ],
        }

    def _keys(self, range_key: str) -> list[Wire]:
        return [
            {"AttributeName": self.hash_key, "KeyType": "HASH"},
            {"AttributeName": range_key, "KeyType": "RANGE"},
        ]


def shipped_layout() -> TableLayout:
    """Read adapters/dynamodb_layout.json."""
    text = resources.files("adapters").joinpath(FILE).read_text(encoding="utf-8")
    said = json.loads(text)
    return TableLayout(
        billing_mode=said["billing_mode"],
        hash_key=said["hash_key"],
        range_key=said["range_key"],
        attribute_types={one["name"]: one["type"] for one in said["attributes"]},
        local_indexes=tuple(
            LocalIndex(one["name"], one["range_key"], one["projection"])
            for one in said["local_indexes"]
        ),
        expiry_attribute=said["expiry_attribute"],
        point_in_time_recovery=said["point_in_time_recovery"],
        deletion_protection=said["deletion_protection"],
    )


def unchangeable(table: Wire) -> object:
    """Return what must be alike in a definition and a table's description, for comparison."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    indexes = {
        index["IndexName"]: (_keys_of(index), index["Projection"]["ProjectionType"])
        for index in table.get("LocalSecondaryIndexes", ())
    }
    return _keys_of(table), types, indexes


def _keys_of(keyed: Wire) -> dict[str, str]:
    return {one["AttributeName"]: one["KeyType"] for one in keyed["KeySchema"]}
