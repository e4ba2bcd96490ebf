"""What a username, an e-mail address, a password, a name, a phone and a birth date may be."""

import re
import unicodedata
from datetime import date

from domain.inputs import Problems

USERNAME_LENGTH_MIN = 6
USERNAME_LENGTH_MAX = 30
_USERNAME_FOREIGN = re.compile(r"[^A-Za-z0-9_]")
"""ASCII alone, so that no two usernames look alike."""

EMAIL_LENGTH_MAX = 254
"""Characters. Source: RFC 5321, 4.5.3.1.3, less the angle brackets (erratum 1690 to RFC 3696)."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*"
    rf"@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])"
)
"""A dot-atom of at most 64 characters, and a domain name of two labels or more (RFC 5321, 5322)."""

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 128
"""Characters as typed; a bound on the hash's work, far above what anybody types."""

SYMBOLS = "!@#$%^&*()-_=+"
_PASSWORD_NEEDS = (
    (re.compile("[A-Z]"), "an upper-case letter A-Z"),
    (re.compile("[a-z]"), "a lower-case letter a-z"),
    (re.compile("[0-9]"), "a digit 0-9"),
    (re.compile(f"[{re.escape(SYMBOLS)}]"), f"one of {SYMBOLS}"),
)

NAME_LENGTH_MAX = 50
NAME_TYPED_LENGTH_MAX = 4 * NAME_LENGTH_MAX
"""Characters before normalisation, whose time grows with the square of a run of marks."""

NAME_MARKS_IN_A_ROW_MAX = 4
"""Combining marks on one letter: enough for Tibetan and Vietnamese, too few to paint with."""

_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Letters and marks that show nothing. Source: Unicode 15, Default_Ignorable_Code_Point."""

PHONE_DIGITS_MIN = 10
PHONE_DIGITS_MAX = 15
"""Source: ITU-T E.164."""

PHONE_TYPED_LENGTH_MAX = 40
"""Characters with spaces, dots, hyphens and brackets, which are dropped."""

_PHONE_FOREIGN = re.compile(r"[^0-9 .()+-]")
_PHONE_SEPARATORS = re.compile(r"[ .()-]")

AGE_MIN = 13
AGE_MAX = 120


def username(problems: Problems, text: str, *path: str) -> str:
    """Return a username as typed: 6 to 30 ASCII letters, digits or underscores."""
    _length(problems, text, USERNAME_LENGTH_MIN, USERNAME_LENGTH_MAX, *path)
    foreign = _USERNAME_FOREIGN.search(text)
    if foreign:
        problems.add(f"{named(foreign[0])} was given; A-Z, a-z, 0-9 and _ are allowed.", *path)
    return text


def username_key(text: str) -> str:
    """Return what all spellings of a username share.

    An impossible one is cut to a bound, and its foreign characters become `?`: nobody's name.
    """
    return text[: USERNAME_LENGTH_MAX + 1].encode("ascii", "replace").decode().lower()


def email(problems: Problems, text: str, *path: str) -> str:
    """Return an e-mail address as typed: ASCII, name@example.com."""
    _length(problems, text, 1, EMAIL_LENGTH_MAX, *path)
    foreign = next((character for character in text if not "!" <= character <= "~"), None)
    if foreign is not None:
        problems.add(f"{named(foreign)} was given; visible ASCII characters are allowed.", *path)
    elif 1 <= len(text) <= EMAIL_LENGTH_MAX and not _EMAIL.fullmatch(text):
        problems.add("This is no e-mail address; one like name@example.com is allowed.", *path)
    return text


def password(problems: Problems, text: str, *path: str) -> str:
    """Return a new password, normalised; no message repeats any of it."""
    normal = password_text(text) or text
    _length(problems, normal, PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX, *path)
    missing = [what for pattern, what in _PASSWORD_NEEDS if not pattern.search(normal)]
    if missing:
        problems.add(f"The password lacks {', '.join(missing)}; each of these is needed.", *path)
    if _has_control(normal):
        problems.add("A control character was given; none is allowed.", *path)
    return normal


def password_text(text: str) -> str | None:
    """Return the one form of a password that is hashed; None when it can't be anybody's.

    Keyboards differ in how they compose letters; NFC makes them alike (RFC 8265, 4.2.2).
    """
    if len(text) > PASSWORD_LENGTH_MAX or _has_control(text):
        return None
    return unicodedata.normalize("NFC", text)


def name(problems: Problems, text: str, *path: str) -> str:
    """Return a name, composed and without spaces around it: letters, spaces, ' and -."""
    if len(text) > NAME_TYPED_LENGTH_MAX:
        _length(problems, text, 1, NAME_LENGTH_MAX, *path)
        return text
    normal = unicodedata.normalize("NFC", text.strip(" "))
    _length(problems, normal, 1, NAME_LENGTH_MAX, *path)
    foreign = _not_of_a_name(normal)
    if foreign is not None:
        problems.add(f"{named(foreign)} was given; letters, spaces, ' and - are allowed.", *path)
    elif normal and not any(map(_is_letter, normal)):
        problems.add("No letter was given; a name has at least one.", *path)
    return normal


def phone(problems: Problems, text: str, *path: str) -> str:
    """Return a phone number of 10 to 15 digits, with its leading + if any."""
    foreign = _PHONE_FOREIGN.search(text)
    dense = _PHONE_SEPARATORS.sub("", text[:PHONE_TYPED_LENGTH_MAX])
    digits = dense.removeprefix("+")
    if len(text) > PHONE_TYPED_LENGTH_MAX:
        _length(problems, text, PHONE_DIGITS_MIN, PHONE_TYPED_LENGTH_MAX, *path)
    elif foreign:
        problems.add(f"{named(foreign[0])} was given; digits and a leading + are allowed.", *path)
    elif "+" in digits:
        problems.add("A + was given that is not the first character; it may only lead.", *path)
    elif not PHONE_DIGITS_MIN <= len(digits) <= PHONE_DIGITS_MAX:
        allowed = f"{PHONE_DIGITS_MIN} to {PHONE_DIGITS_MAX} are allowed"
        problems.add(f"{len(digits)} digits were given; {allowed}.", *path)
    return dense


def date_of_birth(problems: Problems, born: date, today: date, *path: str) -> date:
    """Return a birth date of somebody aged 13 to 120 today."""
    age = age_on(today, born)
    if not AGE_MIN <= age <= AGE_MAX:
        found = f"an age of {age}" if born <= today else "a day to come"
        allowed = f"ages of {AGE_MIN} to {AGE_MAX} are allowed"
        problems.add(f"{born.isoformat()} was given, {found}; {allowed}.", *path)
    return born


def age_on(today: date, born: date) -> int:
    """Return whole years since birth; who was born on 29 February ages on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def named(character: str) -> str:
    """Return a character as a message may show it: never raw unless it is visible ASCII."""
    if "!" <= character <= "~":
        return f"'{character}'"
    known_as = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({known_as})" if known_as else "")


def _length(problems: Problems, text: str, least: int, most: int, *path: str) -> None:
    if not least <= len(text) <= most:
        problems.add(f"{len(text)} characters were given; {least} to {most} are allowed.", *path)


def _has_control(text: str) -> bool:
    # Surrogates (Cs) can't be encoded, let alone hashed.
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _not_of_a_name(text: str) -> str | None:
    """Return the first character that no name has, or None."""
    marks_max = 0  # a mark needs a letter to stand on
    for character in text:
        if _is_letter(character):
            marks_max = NAME_MARKS_IN_A_ROW_MAX
        elif _is_mark(character) and marks_max:
            marks_max -= 1
        elif character in " '-":
            marks_max = 0
        else:
            return character
    return None


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] == "L" and character not in _INVISIBLE


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" and character not in _INVISIBLE
