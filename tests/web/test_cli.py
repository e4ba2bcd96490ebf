import argparse

import pytest

from web import cli


def test_an_error_that_nobody_foresaw_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_options: argparse.Namespace) -> int:
        raise ValueError("hunter2")

    monkeypatch.setattr(cli, "_COMMANDS", {"schema": fail})

    assert cli.main(["schema"]) == 2
    told = capsys.readouterr().err
    assert told.endswith("cnop: It failed in a way that nobody foresaw (ValueError).\n")
    assert "hunter2" not in told


def test_an_interruption_from_the_keyboard_has_its_own_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(_options: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_COMMANDS", {"schema": interrupt})

    assert cli.main(["schema"]) == 130
