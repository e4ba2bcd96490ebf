from web.address_counts import AddressCounts


class Now:
    def __init__(self) -> None:
        self.s = 1_000.0

    def __call__(self) -> float:
        return self.s


def test_a_window_begins_with_its_first_request_and_ends() -> None:
    now = Now()
    counts = AddressCounts(now_s=now)

    assert [counts.incr("a", 60), counts.incr("a", 60)] == [1, 2]
    assert counts.get_expiry("a") == 1_060
    now.s = 1_060
    assert counts.get("a") == 0
    assert counts.incr("a", 60) == 1


def test_windows_that_ended_are_forgotten() -> None:
    now = Now()
    counts = AddressCounts(now_s=now)
    for key in "abc":
        counts.incr(key, 60)
    now.s += 61

    counts.incr("d", 60)

    assert counts.reset() == 1


def test_memory_is_bounded_by_forgetting_the_oldest() -> None:
    counts = AddressCounts(now_s=Now(), addresses_max=2)
    for key in "aabc":
        counts.incr(key, 60)

    assert [counts.get(key) for key in "abc"] == [0, 1, 1]


def test_one_key_can_be_cleared() -> None:
    counts = AddressCounts(now_s=Now())
    counts.incr("a", 60)

    counts.clear("a")

    assert counts.get("a") == 0
    assert counts.check()
