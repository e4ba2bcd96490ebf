"""Ticks and hints as messages: exact, and nothing else is ever taken for one."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from adapters.item_codec import decode_attributes, encode_attributes, from_json, to_json
from adapters.move_values import ids_of, move_of, move_value
from adapters.table import Value
from domain.ids import AssetId
from domain.instants import instant_of, ms_of
from domain.ports.hints import Hint
from domain.ticks import Tick

MESSAGE_BYTES_MAX = 512 * 1024
"""A tick of all 250 assets that a catalogue may have takes 20 KB; with a source's figures, 150."""

MessageT = TypeVar("MessageT")


class MalformedMessageError(Exception):
    """Nothing that this version of the program would send."""


def tick_message(tick: Tick) -> bytes:
    """Return a tick as a message; every number in it is a string of digits."""
    return _message(
        {
            "number": tick.number,
            "fence": tick.fence,
            "at": ms_of(tick.at),
            "source": tick.source,
            "position": tick.position,
            "moves": [move_value(move) for move in tick.moves],
            "gone": list(tick.gone),
        }
    )


def tick_from(message: bytes) -> Tick:
    """Return the tick that a message holds. Raises MalformedMessageError."""
    return _read(message, _tick)


def hint_message(hint: Hint) -> bytes:
    """Return a hint as a message."""
    return _message(dict(hint))


def hint_from(message: bytes) -> Hint:
    """Return the hint that a message holds. Raises MalformedMessageError."""
    return _read(message, _hint)


def _message(values: Mapping[str, Value]) -> bytes:
    return to_json(encode_attributes(values))


def _read(message: bytes, read: Callable[[Mapping[str, Value]], MessageT]) -> MessageT:
    if len(message) > MESSAGE_BYTES_MAX:
        raise MalformedMessageError(f"{len(message)} bytes; at most {MESSAGE_BYTES_MAX} are read")
    try:
        encoded = from_json(message)
        if not isinstance(encoded, dict):
            raise MalformedMessageError("it is no object")
        return read(decode_attributes(encoded))
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise MalformedMessageError(str(error)) from error


def _tick(values: Mapping[str, Value]) -> Tick:
    match values:
        case {
            "number": number,
            "fence": fence,
            "at": at_ms,
            "source": str() as source,
            "position": position,
            "moves": [*moves],
            **rest,
        }:
            tick = Tick(
                number=_whole(number),
                fence=_whole(fence),
                at=instant_of(_whole(at_ms)),
                source=source,
                position=None if position is None else _whole(position),
                moves=tuple(map(move_of, moves)),
                gone=_ids(rest.get("gone", [])),
            )
        case _:
            raise MalformedMessageError(f"{sorted(values)} is no tick")
    if len({move.asset_id for move in tick.moves}) < len(tick.moves):
        raise MalformedMessageError("it has two prices of one asset")
    return tick


def _ids(value: Value) -> tuple[AssetId, ...]:
    if not isinstance(value, list):
        raise MalformedMessageError(f"{value!r} is no list of assets")
    return ids_of(value)


def _hint(values: Mapping[str, Value]) -> Hint:
    return {
        name: value if isinstance(value, str) else _whole(value) for name, value in values.items()
    }


def _whole(value: Value) -> int:
    if type(value) is not int:
        raise MalformedMessageError(f"{value!r} is no whole number")
    return value
