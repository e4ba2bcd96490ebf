"""Chance that can be asked again: the same for the same seed, name and number, in any order."""

import math
from hashlib import blake2b

_BITS = 64
_BYTES = _BITS // 8
_RANGE = 1 << _BITS


class SeededChance:
    """Numbers by chance, each a function of its place alone: nothing is used up by asking.

    So who begins in the middle finds what who began before it would have found there.
    """

    def __init__(self, seed: int, name: str) -> None:
        self._begin = blake2b(f"{seed}/{name}/".encode(), digest_size=2 * _BYTES)

    def pair(self, number: int) -> tuple[float, float]:
        """Return two numbers between 0 and 1, neither of them 0."""
        made = self._begin.copy()
        made.update(str(number).encode())
        told = made.digest()
        return _unit(told[:_BYTES]), _unit(told[_BYTES:])

    def gauss(self, number: int) -> float:
        """Return a number that is normally distributed around 0 with standard deviation 1.

        Source: G. E. P. Box and M. E. Muller, "A Note on the Generation of Random Normal
        Deviates", 1958.
        """
        first, second = self.pair(number)
        return math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second)


def _unit(some: bytes) -> float:
    return (int.from_bytes(some, "big") + 1) / _RANGE
