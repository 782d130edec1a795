"""What `.env` and the shell say together."""

from __future__ import annotations

from pathlib import Path

import pytest
from recordsmith.environment import (
    HUBSPOT_URL,
    hubspot_variables,
    missing_crm_variables,
    read_environment,
    self_contained,
    set_llm_variables,
    without_proxy,
)
from recordsmith.problems import Problem
from recordsmith.services import parse_replicas


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AI_MODEL=file\nAI_PROVIDER=openai\nEMPTY=\n")
    environment = read_environment(tmp_path, {"AI_MODEL": "shell"})
    assert environment == {"AI_MODEL": "shell", "AI_PROVIDER": "openai"}


def test_names_of_files_are_made_absolute(tmp_path: Path) -> None:
    (tmp_path / "server.key").touch()
    environment = read_environment(tmp_path, {"SF_PRIVATE_KEY_FILE": "server.key", "KAFKA_SSL_CAFILE": "absent.pem"})
    assert environment == {"SF_PRIVATE_KEY_FILE": str(tmp_path / "server.key"), "KAFKA_SSL_CAFILE": "absent.pem"}


@pytest.mark.parametrize("key", ["SF_PRIVATE_KEY", "SF_PRIVATE_KEY_FILE"])
def test_either_form_of_the_private_key_completes_a_login(key: str) -> None:
    assert missing_crm_variables({"SF_LOGIN_URL": "l", "SF_CONSUMER_KEY": "c", "SF_USERNAME": "u", key: "k"}) == []


def test_a_portal_of_the_users_own_replaces_the_sandboxs_as_a_whole() -> None:
    assert hubspot_variables({"HUBSPOT_BASE_URL": "http://elsewhere"}) == {}
    assert hubspot_variables({"HUBSPOT_ACCESS_TOKEN": "t", "SF_USERNAME": "u"}) == {
        "HUBSPOT_ACCESS_TOKEN": "t",
        "HUBSPOT_BASE_URL": HUBSPOT_URL,
    }
    assert hubspot_variables({"HUBSPOT_REFRESH_TOKEN": "r"})["HUBSPOT_ACCESS_TOKEN"] == ""


def test_a_demo_keeps_the_llm_and_the_proxy_and_nothing_else_of_the_system() -> None:
    given = {
        "OPENAI_API_KEY": "k",
        "HTTP_PROXY": "p",
        "KAFKA_SASL_PASSWORD": "s",
        "SF_USERNAME": "u",
        "DATABASE_URL": "d",
    }
    assert self_contained(given) == {"OPENAI_API_KEY": "k", "HTTP_PROXY": "p"}


def test_loopback_needs_no_proxy() -> None:
    assert without_proxy({"NO_PROXY": "corp.example"})["no_proxy"] == "corp.example,127.0.0.1,localhost"


def test_ai_switched_off_counts_as_no_llm() -> None:
    assert set_llm_variables({"OPENAI_API_KEY": "k", "LMSTUDIO_URL": ""}) == ["OPENAI_API_KEY"]
    assert set_llm_variables({"OPENAI_API_KEY": "k", "AI_ENABLED": "false"}) == []


@pytest.mark.parametrize("word", ["generator-svc", "generator-svc=0", "generator=2", "gateway=2"])
def test_replicas_that_make_no_sense_are_refused(word: str) -> None:
    with pytest.raises(Problem):
        parse_replicas([word], embedded=False)


def test_one_replica_is_fine_with_the_embedded_broker() -> None:
    assert parse_replicas(["generator-svc=1"], embedded=True) == {"generator-svc": 1}
    assert parse_replicas(["generator-svc=4"], embedded=False) == {"generator-svc": 4}
