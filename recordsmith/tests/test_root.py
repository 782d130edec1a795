"""The root command: assembled from what is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from recordsmith.root import invoke

Package = Callable[[str, str], None]

GOOD = """
import typer
app = typer.Typer()
sub = typer.Typer()

@app.command()
def greet(name: str) -> None:
    "Say hello."
    typer.echo(f"hello {name}")
    raise typer.Exit(4)

@sub.command()
def first() -> None:
    typer.echo("first of sub")

app.add_typer(sub, name="sub")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Install a package with an entry point, as pip would leave it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, code: str) -> None:
        (tmp_path / f"{name}.py").write_text(code)
        metadata = tmp_path / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[recordsmith.commands]\n{name} = {name}:app\n")
        sys.modules.pop(name, None)

    return install


def test_commands_of_every_package_stand_side_by_side(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    package("zz_greeting", GOOD)
    assert invoke(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("demo", "doctor", "run", "greet", "sub"))
    assert invoke(["greet", "you"]) == 4
    assert capsys.readouterr().out == "hello you\n"
    assert invoke(["sub", "first"]) == 0


def test_a_package_that_cannot_be_imported_is_one_line_and_no_crash(
    package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    package("zz_broken", "raise ImportError('no module named snow')")
    assert invoke(["--help"]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "zz_broken" in line]
    assert warnings == ["recordsmith: commands of zz_broken are missing: no module named snow"]


def test_a_command_is_found_without_importing_the_other_packages(
    package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    package("zz_broken", "raise ImportError('imported')")
    assert invoke(["run", "--help"]) == 0
    assert capsys.readouterr().err == ""


def test_an_unknown_command_is_a_usage_error_that_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["doctr"]) == 2
    lines = capsys.readouterr().err.splitlines()[-2:]
    assert lines == ["recordsmith: No such command 'doctr'. Did you mean 'doctor'?", "Try: recordsmith --help"]


def test_a_group_without_a_command_shows_its_help_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["recipe"]) == 2
    shown, said = capsys.readouterr()
    assert "Usage: recordsmith recipe" in shown + said
    assert "Try:" not in said
    assert "recordsmith: " not in said


def test_a_bug_is_said_to_be_one(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    package("zz_bug", "import typer\napp = typer.Typer()\n@app.command()\ndef fall() -> None:\n    1 / 0\n")
    assert invoke(["fall"]) == 70
    assert "this is a bug: ZeroDivisionError" in capsys.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["--version"]) == 0
    assert capsys.readouterr().out.startswith("recordsmith 0.")


def test_every_command_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("run", "demo", "doctor"):
        assert invoke([command, "--help"]) == 0
        assert f"Example: recordsmith {command}" in capsys.readouterr().out
