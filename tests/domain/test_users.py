"""Registrations and changes of profile: all problems at once, and nothing but what was asked."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.ids import UserId
from domain.refusals import Refusal
from domain.users import (
    ProfileChange,
    Registration,
    User,
    after_login,
    checked_password,
    checked_registration,
    password_changed,
    profile_changed,
    registered,
)
from tests.domain.identity_world import ALICE, NOW, PASSWORD

TODAY = NOW.date()
LATER = NOW + timedelta(hours=1)


def alice() -> User:
    full = replace(ALICE, phone="+1 415 555 0132", date_of_birth=date(1990, 5, 17))
    return registered(UserId("usr_1"), checked_registration(full, TODAY), "hash", NOW)


def paths_of(refusal: Refusal) -> list[str]:
    return [".".join(error.path) for error in refusal.errors]


def test_a_registration_is_normalised() -> None:
    typed = replace(ALICE, first_name=" Zoe\u0308 ", phone="(415) 555-0132", marketing_consent=None)
    checked = checked_registration(typed, TODAY)
    assert (checked.first_name, checked.phone) == ("Zo\u00eb", "4155550132")
    assert checked.marketing_consent is False
    assert checked.username == "Alice_01"


def test_every_problem_of_a_registration_is_told_at_its_field() -> None:
    nothing = Registration(
        username="",
        email="",
        password="",
        first_name="",
        last_name="",
        phone="",
        date_of_birth=TODAY,
    )
    with pytest.raises(Refusal) as refused:
        checked_registration(nothing, TODAY)
    assert sorted(set(paths_of(refused.value))) == [
        "input.dateOfBirth",
        "input.email",
        "input.firstName",
        "input.lastName",
        "input.password",
        "input.phone",
        "input.username",
    ]


def test_a_new_password_is_checked_at_the_field_that_it_came_in() -> None:
    assert checked_password(PASSWORD, "input", "newPassword") == PASSWORD
    with pytest.raises(Refusal) as refused:
        checked_password("short", "input", "newPassword")
    assert set(paths_of(refused.value)) == {"input.newPassword"}


def test_neither_password_nor_hash_shows_in_a_representation() -> None:
    assert PASSWORD not in repr(ALICE)
    assert "'hash'" not in repr(alice())


def test_names_and_addresses_are_kept_as_typed_and_compared_in_lower_case() -> None:
    user = alice()
    assert (user.username, user.email) == ("Alice_01", "Alice@Example.com")
    assert (user.username_key, user.email_key) == ("alice_01", "alice@example.com")


def test_what_a_change_leaves_out_stays() -> None:
    user = alice()
    assert profile_changed(user, ProfileChange(), LATER) is user


def test_a_change_to_what_is_there_already_is_none() -> None:
    user = alice()
    same = ProfileChange(email=user.email, first_name=" Alice ", phone="+14155550132")
    assert profile_changed(user, same, LATER) is user


def test_every_field_of_a_profile_can_be_changed() -> None:
    change = ProfileChange(
        email="al@example.org",
        first_name="Al",
        last_name="Bo",
        phone="0123456789",
        date_of_birth=date(1991, 1, 2),
        marketing_consent=True,
    )
    assert profile_changed(alice(), change, LATER) == replace(
        alice(),
        email="al@example.org",
        first_name="Al",
        last_name="Bo",
        phone="0123456789",
        date_of_birth=date(1991, 1, 2),
        marketing_consent=True,
        version=2,
        updated_at=LATER,
    )


def test_null_clears_phone_and_date_of_birth() -> None:
    cleared = profile_changed(alice(), ProfileChange(phone=None, date_of_birth=None), LATER)
    assert (cleared.phone, cleared.date_of_birth) == (None, None)


def test_null_is_refused_for_everything_else() -> None:
    change = ProfileChange(email=None, first_name=None, last_name=None, marketing_consent=None)
    with pytest.raises(Refusal) as refused:
        profile_changed(alice(), change, LATER)
    assert paths_of(refused.value) == [
        "input.email",
        "input.firstName",
        "input.lastName",
        "input.marketingConsent",
    ]


def test_every_problem_of_a_change_is_told() -> None:
    change = ProfileChange(email="x", first_name="1", last_name="2", phone="3", date_of_birth=TODAY)
    with pytest.raises(Refusal) as refused:
        profile_changed(alice(), change, LATER)
    assert len(refused.value.errors) == 5


def test_a_new_password_voids_what_was_verified_under_the_old_one() -> None:
    changed = password_changed(alice(), "another", LATER)
    assert (changed.password_hash, changed.credential_version) == ("another", 2)
    assert (changed.version, changed.updated_at) == (2, LATER)


def test_a_login_counts_as_a_version_but_changes_nothing_that_a_user_sees() -> None:
    assert after_login(alice(), None) == replace(alice(), version=2)
    assert after_login(alice(), "newer") == replace(alice(), version=2, password_hash="newer")
