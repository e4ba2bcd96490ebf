"""Signing secrets: what a setting may say, and the one that is made and kept."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from adapters.jwt_secrets import JwtSecret, JwtSecretError, kept, parsed

LONG = "x" * 32
BAD_NAME = (
    "The name of secret 1 of CNOP_JWT_SECRET may have 1 to 64 letters, digits, '.', '_' and '-'."
)


def test_one_pair_is_one_secret() -> None:
    assert parsed(f"2026-03:{LONG}") == (JwtSecret("2026-03", LONG.encode()),)


def test_pairs_keep_their_order_and_lose_the_spaces_around_them() -> None:
    assert [one.kid for one in parsed(f" b:{LONG} , a:{LONG} ")] == ["b", "a"]


def test_a_secret_may_have_colons_and_any_letters() -> None:
    assert parsed(f"a:{LONG}:\u00e9")[0].secret == f"{LONG}:\u00e9".encode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "CNOP_JWT_SECRET is empty; it needs at least one kid:secret pair."),
        (" , ", "CNOP_JWT_SECRET is empty; it needs at least one kid:secret pair."),
        (LONG, "Secret 1 of CNOP_JWT_SECRET is no kid:secret pair."),
        (f"a:{LONG},", "Secret 2 of CNOP_JWT_SECRET is no kid:secret pair."),
        (
            f":{LONG}",
            BAD_NAME,
        ),
        (
            f"a b:{LONG}",
            BAD_NAME,
        ),
        ("a:", "Secret a of CNOP_JWT_SECRET has 0 bytes; at least 32 are needed."),
        (
            f"a:{'x' * 31}",
            "Secret a of CNOP_JWT_SECRET has 31 bytes; at least 32 are needed.",
        ),
        (
            f"a:{LONG},b:{LONG},a:{LONG}",
            "CNOP_JWT_SECRET has two secrets named a; each needs its own name.",
        ),
        (
            ",".join(f"{number}:{LONG}" for number in range(11)),
            "CNOP_JWT_SECRET has 11 secrets; at most 10 are allowed.",
        ),
    ],
)
def test_a_bad_setting_is_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(JwtSecretError) as refused:
        parsed(text)
    assert str(refused.value) == told
    assert LONG not in str(refused.value)


def test_no_secret_shows_in_a_representation() -> None:
    assert LONG not in repr(parsed(f"a:{LONG}"))


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "var" / "jwt-secret"
    made = kept(path)
    assert len(made) == 1
    assert len(made[0].secret) >= 32
    assert kept(path) == made


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "jwt-secret"
    kept(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_each_file_has_its_own_secret(tmp_path: Path) -> None:
    assert kept(tmp_path / "a") != kept(tmp_path / "b")


def test_a_file_may_be_filled_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "jwt-secret"
    path.write_text(f"mine:{LONG}\n")
    assert kept(path) == (JwtSecret("mine", LONG.encode()),)


@pytest.mark.parametrize("content", [b"", b"\n", b"nonsense", b"\xff\xfe"])
def test_a_damaged_file_is_told_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "jwt-secret"
    path.write_bytes(content)
    with pytest.raises(JwtSecretError, match="jwt-secret"):
        kept(path)


def test_who_is_second_takes_the_first_ones_secret(tmp_path: Path) -> None:
    path = tmp_path / "jwt-secret"

    class Late(type(path)):  # type: ignore[misc] # a path's class depends on the system
        def exists(self, **_: bool) -> bool:
            kept(path)
            return False

    assert kept(Late(path)) == kept(path)
    assert list(tmp_path.iterdir()) == [path]


def _kid_of(path: Path) -> str:
    return kept(path)[0].kid


def test_processes_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    path = tmp_path / "jwt-secret"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        kids = pool.map(_kid_of, [path] * 16, chunksize=1)
    assert len(set(kids)) == 1
