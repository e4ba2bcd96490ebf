"""Trends of a simulated market: for some minutes it rises, falls or rests, and then it turns."""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from adapters.seeded_chance import SeededChance

TREND_S = 300.0
"""Seconds that a trend lasts on average, so that a visitor sees prices go somewhere in minutes."""

TURN_SHARE = 0.6
"""Share of that by which a turn may come late: so a trend lasts 120 to 480 seconds."""

MOVE_MIN, MOVE_MAX = 0.5, 1.0
"""How far a rising or falling trend goes, in swings."""

REST_MAX = 0.15
"""How far a calm trend goes at most, either way, in swings."""

RISING, FALLING = 0.375, 0.375
"""Chances of a trend to rise and to fall; the rest are calm. They are equal, so it goes nowhere."""

KEPT = 0.93
"""Share of all former moves that is left after a trend: of one, half is gone within an hour."""

TRENDS_KEPT = 100
"""Trends that count; of what was before these, less than a thousandth would be left."""


class Regime(Enum):
    """What a market does. The value is how restless it is meanwhile, a rising one being 1."""

    BULL = 1.0
    BEAR = 1.4
    """Falling prices are the more nervous ones, as on real markets."""
    CALM = 0.5


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight way from one level to another; `begin` and `end` are in seconds."""

    regime: Regime
    begin: float
    end: float
    before: float
    after: float

    def level(self, seconds: float) -> float:
        """Return where the way is, in swings."""
        share = (seconds - self.begin) / (self.end - self.begin)
        return self.before + share * (self.after - self.before)


class Trends:
    """Trends without end, one after the other, as a function of the time since the market began.

    The level is a fading sum of moves that are bounded, so it is bounded however long it goes on:
    by `MOVE_MAX / (1 - KEPT)` swings, and hardly ever half of that.
    """

    def __init__(self, seed: int, name: str) -> None:
        self._moves = SeededChance(seed, f"{name}/moves")
        # Each trend asks for those before it, all but one of which the one before it asked for.
        self._move = lru_cache(maxsize=TRENDS_KEPT + 1)(self._moved)
        self._turns = SeededChance(seed, f"{name}/turns")
        self._latest = self._trend(0)

    def at(self, seconds: float) -> Trend:
        """Return the trend of a time, which isn't before 0."""
        if not self._latest.begin <= seconds < self._latest.end:
            number = int(seconds / TREND_S)
            self._latest = self._trend(number - (seconds < self._begin(number)))
        return self._latest

    def _trend(self, number: int) -> Trend:
        return Trend(
            regime=self._move(number)[0],
            begin=self._begin(number),
            end=self._begin(number + 1),
            before=self._level_after(number - 1),
            after=self._level_after(number),
        )

    def _begin(self, number: int) -> float:
        late = TURN_SHARE * self._turns.pair(number)[0] if number else 0.0
        return (number + late) * TREND_S

    def _level_after(self, number: int) -> float:
        ages = range(min(number + 1, TRENDS_KEPT))
        return sum(KEPT**age * self._move(number - age)[1] for age in ages)

    def _moved(self, number: int) -> tuple[Regime, float]:
        which, far = self._moves.pair(number)
        if which <= RISING:
            return Regime.BULL, MOVE_MIN + far * (MOVE_MAX - MOVE_MIN)
        if which <= RISING + FALLING:
            return Regime.BEAR, -MOVE_MIN - far * (MOVE_MAX - MOVE_MIN)
        return Regime.CALM, REST_MAX * (2 * far - 1)
