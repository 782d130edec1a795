"""A key under a passphrase: opened with it alone, and never told."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.crm.login import private_key
from shared.crm.sealed_key import WrongPassphrase, opened, sealed
from shared.crm.settings import SalesforceSettings
from shared.errors import Fatal

PASSPHRASE = "correct horse battery"


def test_a_sealed_key_signs(key: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(sealed(key.encode(), PASSPHRASE))
    given = {"private_key_file": tmp_path / "key.pem", "private_key_passphrase": PASSPHRASE}
    assert private_key(SalesforceSettings.model_validate(given)).key_size == 2048


@pytest.mark.parametrize("passphrase", ["wrong horse battery", None])
def test_a_wrong_passphrase_is_named_and_the_key_is_not(key: str, passphrase: str | None) -> None:
    text = sealed(key.encode(), PASSPHRASE).replace("\n", "\\n")
    settings = SalesforceSettings.model_validate({"private_key": text, "private_key_passphrase": passphrase})
    with pytest.raises(Fatal) as caught:
        private_key(settings)
    assert "SF_PRIVATE_KEY_PASSPHRASE" in str(caught.value)
    assert not any(part in str(caught.value) for part in (text[50:70], PASSPHRASE, "horse"))


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 100))
def test_a_changed_file_does_not_open(place: int) -> None:
    lines = sealed(b"secret" * 20, PASSPHRASE).splitlines()
    body = list("".join(lines[1:-1]))
    at = 2 + place % (len(body) - 8)
    body[at] = "A" if body[at] != "A" else "B"
    with pytest.raises((WrongPassphrase, ValueError)):
        opened("\n".join([lines[0], "".join(body), lines[-1]]).encode(), PASSPHRASE)


def test_the_same_key_is_never_sealed_to_the_same_text() -> None:
    first, second = (sealed(b"secret", PASSPHRASE) for _ in range(2))
    assert first != second
    assert opened(first.encode(), PASSPHRASE) == opened(second.encode(), PASSPHRASE) == b"secret"
    with pytest.raises(WrongPassphrase):
        opened(first.encode(), "another")
