"""Whom a failed login counts against."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.login_attempts import attempt_from, network_of


def test_an_attempt_counts_against_address_and_username_each_for_itself() -> None:
    subjects = attempt_from("203.0.113.7", "Alice_01").subjects
    assert subjects == ("address:203.0.113.7", "username:alice_01")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("/run/socket", "/run/socket"),
        ("x" * 999, "x" * 64),
    ],
)
def test_an_address_counts_as_what_its_user_cannot_change_at_will(
    address: str, network: str
) -> None:
    assert network_of(address) == network


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_taken_for_an_address(text: str) -> None:
    assert len(network_of(text)) <= 64
