import pytest

from domain.ids import asset_id, order_id, ulid_text


@pytest.mark.parametrize(("text", "found"), [("BTC", "BTC"), ("btc", "BTC"), ("1INCH", "1INCH")])
def test_an_asset_id_is_taken_in_any_letter_case(text: str, found: str) -> None:
    assert asset_id(text) == found


@pytest.mark.parametrize(
    "text",
    ["", " BTC", "BTC\n", "BT-C", "ELEVENCHARS", "ＢＴＣ", "ß", "ı", "B\x00C", "x" * 10_000],  # noqa: RUF001 - look-alikes are what this refuses
)
def test_what_cannot_be_an_asset_id_is_none(text: str) -> None:
    assert asset_id(text) is None


@pytest.mark.parametrize("text", ["USD", "usd"])
def test_the_dollars_own_name_is_no_asset_id(text: str) -> None:
    assert asset_id(text) is None
    assert asset_id("USD1") == "USD1"


def test_an_order_id_is_ord_and_a_ulid() -> None:
    good = "ord_" + ulid_text(1_772_366_400_000, 5)
    assert order_id(good) == good
    for bad in ("", good.lower(), good + "0", good[:-1] + "U", "acc" + good[3:], good + "\n"):
        assert order_id(bad) is None


def test_ulids_sort_by_time_and_spell_the_published_example() -> None:
    assert ulid_text(1_469_918_176_385, 0).startswith("01ARYZ6S41")
    assert ulid_text(1, 2**80 - 1) < ulid_text(2, 0)
    assert ulid_text(2**48 - 1, 2**80 - 1) == "7" + "Z" * 25
