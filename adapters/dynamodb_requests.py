"""The port's reads and writes as DynamoDB requests."""

from collections.abc import Sequence
from hashlib import blake2b

from adapters.dynamodb_codec import (
    Wire,
    encode_attributes,
    encode_item,
    encode_key,
    encode_place,
    encode_value,
)
from adapters.table import (
    TOKEN_CHARACTERS_MAX,
    Absent,
    AtMost,
    Check,
    Condition,
    Delete,
    Equals,
    Index,
    Present,
    Put,
    Update,
    Write,
)
from adapters.table_span import Span

INDEX_NAMES = {Index.LOCAL_1: "local_1", Index.LOCAL_2: "local_2"}

LIVE = "(attribute_not_exists(expires_at) OR expires_at > :now)"
"""Holds for items that haven't expired, and for absent ones."""

# A comparison with a missing attribute is false: what never expires isn't absent.
_ABSENT = "(attribute_not_exists(pk) OR expires_at <= :now)"
_PRESENT = f"(attribute_exists(pk) AND {LIVE})"


def transaction(table: str, writes: Sequence[Write], *, token: str, now_s: int) -> Wire:
    """Return the request of TransactWriteItems."""
    return {
        "TransactItems": [_action(table, write, now_s) for write in writes],
        "ClientRequestToken": _wire_token(table, token),
    }


def query(table: str, span: Span, *, now_s: int, strong: bool) -> Wire:
    """Return the request of Query, without a limit."""
    request: Wire = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "FilterExpression": LIVE,
        "ExpressionAttributeValues": {":pk": {"S": span.pk}, ":now": {"N": str(now_s)}},
        "ScanIndexForward": not span.reverse,
        "ConsistentRead": strong,
    }
    main = span.index is Index.MAIN
    if not main:
        request["IndexName"] = INDEX_NAMES[span.index]
    column = span.index.value
    values = request["ExpressionAttributeValues"]
    if span.low is not None:
        values[":low"] = {"S": span.low}
    if span.high is not None:
        # On a local index, beyond all sort keys that stand behind the value.
        values[":high"] = {"S": span.high if main else f"{span.high}\1"}
    if span.low is not None and span.high is not None:
        request["KeyConditionExpression"] += f" AND {column} BETWEEN :low AND :high"
    elif span.low is not None:
        request["KeyConditionExpression"] += f" AND {column} >= :low"
    elif span.high is not None:
        request["KeyConditionExpression"] += f" AND {column} <= :high"
    if span.after is not None:
        place = encode_place(span.after.value, span.after.sk)
        start = {"pk": {"S": span.pk}, "sk": {"S": span.after.sk}}
        request["ExclusiveStartKey"] = start if main else start | {column: {"S": place}}
    return request


def scan(table: str, prefix: str, *, now_s: int) -> Wire:
    """Return the request of Scan."""
    request: Wire = {
        "TableName": table,
        "FilterExpression": LIVE,
        "ExpressionAttributeValues": {":now": {"N": str(now_s)}},
        "ConsistentRead": True,
    }
    if prefix:
        request["FilterExpression"] += " AND begins_with(pk, :prefix)"
        request["ExpressionAttributeValues"][":prefix"] = {"S": prefix}
    return request


def _wire_token(table: str, token: str) -> str:
    # AWS knows a token in the whole account and region, the port in one table.
    return blake2b(f"{table}\n{token}".encode(), digest_size=TOKEN_CHARACTERS_MAX // 2).hexdigest()


def _action(table: str, write: Write, now_s: int) -> Wire:
    conditions = _Expressions(now_s)
    action: Wire = {"TableName": table}
    when = [conditions.condition(condition) for condition in write.when]
    match write:
        case Put(item):
            kind = "Put"
            action["Item"] = encode_item(item)
        case Update(key, changes) if changes:
            kind = "Update"
            action["Key"] = encode_key(key)
            action["UpdateExpression"] = conditions.assignments(encode_attributes(changes))
            when.append(conditions.condition(Present()))
        case Update(key):
            kind = "ConditionCheck"
            action["Key"] = encode_key(key)
            when.append(conditions.condition(Present()))
        case Delete(key):
            kind = "Delete"
            action["Key"] = encode_key(key)
        case Check(key):
            kind = "ConditionCheck"
            action["Key"] = encode_key(key)
    if when:
        action["ConditionExpression"] = " AND ".join(dict.fromkeys(when))
    if conditions.names:
        action["ExpressionAttributeNames"] = conditions.names
    if conditions.values:
        action["ExpressionAttributeValues"] = conditions.values
    return {kind: action}


class _Expressions:
    """The names and values that one action's expressions refer to."""

    def __init__(self, now_s: int) -> None:
        self._now_s = now_s
        self.names: dict[str, str] = {}
        self.values: dict[str, Wire] = {}

    def condition(self, condition: Condition) -> str:
        """Return the condition's expression; all but Absent hold for live items only."""
        self.values[":now"] = {"N": str(self._now_s)}
        match condition:
            case Absent():
                return _ABSENT
            case Present():
                return _PRESENT
            case Equals(attribute, value):
                comparison = self._comparison(attribute, "=", encode_value(value))
                return f"({comparison} AND {LIVE})"
            case AtMost(attribute, value):
                comparison = self._comparison(attribute, "<=", encode_value(value))
                return f"({comparison} AND {LIVE})"

    def assignments(self, changes: Wire) -> str:
        """Return the expression that sets the attributes."""
        parts = [self._comparison(name, "=", value) for name, value in changes.items()]
        return "SET " + ", ".join(parts)

    def _comparison(self, attribute: str, operator: str, value: Wire) -> str:
        number = len(self.names)
        self.names[f"#a{number}"] = attribute
        self.values[f":a{number}"] = value
        return f"#a{number} {operator} :a{number}"
