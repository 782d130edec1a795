"""`recordsmith seal-key` and `seal-token` as a person uses them."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from shared.crm.sealed_key import opened, opened_token
from typer.testing import CliRunner
from writer_svc.commands import app

PASSPHRASE = "correct horse battery"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    return tmp_path / "key.pem"


def seal(key: Path, out: Path, passphrase: str = PASSPHRASE) -> tuple[int, str]:
    result = CliRunner().invoke(
        app, ["seal-key", str(key), "--out", str(out)], env={"SF_PRIVATE_KEY_PASSPHRASE": passphrase}
    )
    return result.exit_code, result.output


def test_a_key_is_sealed_for_its_owner_alone_and_never_over_another_file(key: Path, tmp_path: Path) -> None:
    out = tmp_path / "sealed.pem"
    code, said = seal(key, out)
    assert (code, out.stat().st_mode & 0o777) == (0, 0o600)
    assert opened(out.read_bytes(), PASSPHRASE) == key.read_bytes()
    assert PASSPHRASE not in said
    before = out.read_bytes()
    assert seal(key, out)[0] == 2
    assert out.read_bytes() == before
    assert "encrypted already" in seal(out, tmp_path / "twice.pem")[1]


@pytest.mark.parametrize("passphrase", ["short", "elevenchars"])
def test_a_short_passphrase_is_refused(key: Path, tmp_path: Path, passphrase: str) -> None:
    code, said = seal(key, tmp_path / "sealed.pem", passphrase)
    assert (code, "12 characters" in said) == (2, True)
    assert not (tmp_path / "sealed.pem").exists()


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, said = seal(tmp_path / "nowhere.pem", tmp_path / "out.pem")
    assert (code, "nowhere.pem cannot be read" in said) == (2, True)


def test_a_token_that_is_typed_comes_back_sealed_on_one_line() -> None:
    env = {"HUBSPOT_TOKEN_PASSPHRASE": PASSPHRASE}
    result = CliRunner().invoke(app, ["seal-token"], input=" pat-na1-secret \n", env=env)
    assert result.exit_code == 0, result.output
    line = result.output.splitlines()[-1].removeprefix("Token: ").strip()
    assert opened_token(line, PASSPHRASE) == "pat-na1-secret"
    assert "pat-na1" not in result.output
    refused = CliRunner().invoke(app, ["seal-token"], input="pat\n", env={"HUBSPOT_TOKEN_PASSPHRASE": "short"})
    assert (refused.exit_code, "12 characters" in refused.output) == (2, True)
