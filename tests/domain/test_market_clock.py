"""What time it is in the market, live and replayed."""

from datetime import timedelta

from domain.market_clock import PresentTime, ReplayTime
from domain.price_board import PriceBoard
from tests.domain.market_world import BTC, NOON, SetClock, board_of, state, tick

LATER = NOON + timedelta(days=2)


def test_a_live_market_has_the_time_of_the_world() -> None:
    clock = SetClock(NOON)
    time = PresentTime(clock)
    clock.at = LATER
    assert time.market_now() == LATER


def test_a_replayed_market_has_the_time_of_its_last_tick_and_stands_still_until_the_next() -> None:
    board, time = board_of(state(BTC)), ReplayTime(NOON)
    board.listen_to_ticks(time.hear)
    assert time.market_now() == NOON
    board.apply(tick(1, {BTC: 101}, LATER))
    assert [time.market_now(), time.market_now()] == [LATER, LATER]


def test_a_tick_without_a_change_moves_the_time_too() -> None:
    board, time = board_of(state(BTC)), ReplayTime(NOON)
    board.listen_to_ticks(time.hear)
    board.apply(tick(1, {BTC: 100}, LATER))
    assert time.market_now() == LATER


def test_replayed_time_never_goes_back() -> None:
    time = ReplayTime(LATER)
    time.hear(tick(1, {BTC: 101}, NOON))
    time.reach(NOON)
    assert time.market_now() == LATER


def test_a_tick_of_a_replaced_leader_moves_no_time() -> None:
    board, time = PriceBoard(), ReplayTime(NOON)
    board.listen_to_ticks(time.hear)
    board.apply(tick(1, {BTC: 100}, NOON, fence=2))
    board.apply(tick(2, {BTC: 101}, LATER, fence=1))
    assert time.market_now() == NOON


def test_who_hears_of_a_price_lives_in_its_time() -> None:
    board, time = board_of(state(BTC)), ReplayTime(NOON)
    board.listen_to_ticks(time.hear)
    heard = []
    board.listen(lambda updates: heard.append((time.market_now(), len(updates))))
    board.apply(tick(1, {BTC: 101}, LATER))
    assert heard == [(LATER, 1)]
