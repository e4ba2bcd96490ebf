"""Users: what is known of a person, and how it is typed in, checked and changed."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum, auto
from typing import Final

from domain import personal_data
from domain.ids import UserId
from domain.inputs import Problems


class Unchanged(Enum):
    """The type of UNCHANGED."""

    UNCHANGED = auto()


UNCHANGED: Final = Unchanged.UNCHANGED
"""Says that a field of a profile was left out, which is not the same as null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who may sign in; `username` and `email` are as typed."""

    id: UserId
    username: str
    email: str
    first_name: str
    last_name: str
    phone: str | None
    date_of_birth: date | None
    marketing_consent: bool
    password_hash: str = field(repr=False)
    credential_version: int
    """Counts password changes; what was verified under an older one is void."""
    version: int
    """Counts all changes of this record and all sessions opened: the guard of every write."""
    created_at: datetime
    updated_at: datetime

    @property
    def username_key(self) -> str:
        """The username in lower case: no two users share it."""
        return self.username.lower()

    @property
    def email_key(self) -> str:
        """The address in lower case: no two users share it."""
        return self.email.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What somebody gives to become a user; a null consent is none."""

    username: str
    email: str
    password: str = field(repr=False)
    first_name: str
    last_name: str
    phone: str | None = None
    date_of_birth: date | None = None
    marketing_consent: bool | None = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """What a user wants changed; None clears `phone` and `date_of_birth`, and nothing else."""

    email: str | Unchanged | None = UNCHANGED
    first_name: str | Unchanged | None = UNCHANGED
    last_name: str | Unchanged | None = UNCHANGED
    phone: str | Unchanged | None = UNCHANGED
    date_of_birth: date | Unchanged | None = UNCHANGED
    marketing_consent: bool | Unchanged | None = UNCHANGED


def checked_registration(typed: Registration, today: date) -> Registration:
    """Return the registration normalised; raise Refusal with every problem there is."""
    problems = Problems()
    phone, born = typed.phone, typed.date_of_birth
    checked = Registration(
        username=personal_data.username(problems, typed.username, "input", "username"),
        email=personal_data.email(problems, typed.email, "input", "email"),
        password=personal_data.password(problems, typed.password, "input", "password"),
        first_name=personal_data.name(problems, typed.first_name, "input", "firstName"),
        last_name=personal_data.name(problems, typed.last_name, "input", "lastName"),
        phone=None if phone is None else personal_data.phone(problems, phone, "input", "phone"),
        date_of_birth=None
        if born is None
        else personal_data.date_of_birth(problems, born, today, "input", "dateOfBirth"),
        marketing_consent=bool(typed.marketing_consent),
    )
    problems.settle()
    return checked


def checked_password(text: str, *path: str) -> str:
    """Return a new password normalised; raise Refusal with every problem there is."""
    problems = Problems()
    checked = personal_data.password(problems, text, *path)
    problems.settle()
    return checked


def registered(
    user_id: UserId, registration: Registration, password_hash: str, at: datetime
) -> User:
    """Return the user that a checked registration makes."""
    return User(
        id=user_id,
        username=registration.username,
        email=registration.email,
        first_name=registration.first_name,
        last_name=registration.last_name,
        phone=registration.phone,
        date_of_birth=registration.date_of_birth,
        marketing_consent=bool(registration.marketing_consent),
        password_hash=password_hash,
        credential_version=1,
        version=1,
        created_at=at,
        updated_at=at,
    )


def profile_changed(user: User, change: ProfileChange, at: datetime) -> User:
    """Return the user after a change, the very same if it changes nothing.

    Raises Refusal with every problem there is.
    """
    problems = Problems()
    after = replace(
        user,
        email=_email(problems, change.email, user.email),
        first_name=_name(problems, change.first_name, user.first_name, "firstName"),
        last_name=_name(problems, change.last_name, user.last_name, "lastName"),
        phone=_phone(problems, change.phone, user.phone),
        date_of_birth=_born(problems, change.date_of_birth, user.date_of_birth, at.date()),
        marketing_consent=_consent(
            problems, new=change.marketing_consent, was=user.marketing_consent
        ),
    )
    problems.settle()
    return user if after == user else replace(after, version=user.version + 1, updated_at=at)


def password_changed(user: User, password_hash: str, at: datetime) -> User:
    """Return the user with a new password: what the old one opened is void."""
    return replace(
        user,
        password_hash=password_hash,
        credential_version=user.credential_version + 1,
        version=user.version + 1,
        updated_at=at,
    )


def after_login(user: User, renewed_hash: str | None) -> User:
    """Return the user after a login, with the same password under a newer hash if there is one."""
    return replace(user, password_hash=renewed_hash or user.password_hash, version=user.version + 1)


def _email(problems: Problems, new: str | Unchanged | None, was: str) -> str:
    if isinstance(new, str):
        return personal_data.email(problems, new, "input", "email")
    _refuse_null(problems, new, "email")
    return was


def _name(problems: Problems, new: str | Unchanged | None, was: str, field_name: str) -> str:
    if isinstance(new, str):
        return personal_data.name(problems, new, "input", field_name)
    _refuse_null(problems, new, field_name)
    return was


def _phone(problems: Problems, new: str | Unchanged | None, was: str | None) -> str | None:
    if isinstance(new, str):
        return personal_data.phone(problems, new, "input", "phone")
    return was if new is UNCHANGED else None


def _born(
    problems: Problems, new: date | Unchanged | None, was: date | None, today: date
) -> date | None:
    if isinstance(new, date):
        return personal_data.date_of_birth(problems, new, today, "input", "dateOfBirth")
    return was if new is UNCHANGED else None


def _consent(problems: Problems, *, new: bool | Unchanged | None, was: bool) -> bool:
    if isinstance(new, bool):
        return new
    _refuse_null(problems, new, "marketingConsent")
    return was


def _refuse_null(problems: Problems, new: Unchanged | None, field_name: str) -> None:
    if new is None:
        problems.add(
            "null was given; a value is allowed, or leave the field out.", "input", field_name
        )
