"""The command as a new user calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def prior_auth(cwd: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("prior-auth")
    return subprocess.run([command, *words], cwd=cwd, capture_output=True, text=True, check=False)


def test_one_command_imports_and_indexes(folder: Path, tmp_path: Path) -> None:
    imported = prior_auth(tmp_path, "import", folder)
    assert (imported.returncode, "600 patients imported" in imported.stderr) == (0, True), imported.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"prior-auth.db", "prior-auth.index"}


def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path) -> None:
    nothing = prior_auth(tmp_path, "import", tmp_path)
    assert (nothing.returncode, "recordsmith recipe patients" in nothing.stderr) == (2, True)
    nowhere = prior_auth(tmp_path, "index", "--database", "sqlite:////nonexistent/x.db")
    assert (nowhere.returncode, "database cannot be used" in nowhere.stderr) == (2, True)
