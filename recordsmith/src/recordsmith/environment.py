"""The environment of a local system: what `.env` and the shell say, read once for all processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CRM_VARIABLES = ("SF_LOGIN_URL", "SF_CONSUMER_KEY", "SF_USERNAME")
"""With `SF_PRIVATE_KEY` or `SF_PRIVATE_KEY_FILE`: what a JWT login needs (interfaces.md section 1)."""
CRM_KEYS = ("SF_PRIVATE_KEY", "SF_PRIVATE_KEY_FILE")

HUBSPOT_URL = "https://api.hubapi.com"

_OF_THE_CRM = ("SF_", "HUBSPOT_")
_OF_THE_SYSTEM = (*_OF_THE_CRM, "KAFKA_", "DATABASE_URL")
_FILE_ENDINGS = ("_FILE", "_CAFILE", "_CERTFILE", "_KEYFILE", "_CERTIFICATE", "_CLIENT_KEY")


def read_environment(folder: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """`.env` of the folder under the real environment, which wins; names of files made absolute.

    The services are started in the data folder, where no second `.env` can come between.
    """
    from dotenv import dotenv_values

    merged = {name: value for name, value in dotenv_values(folder / ".env").items() if value}
    merged.update(os.environ if environment is None else environment)
    for name, value in merged.items():
        if name.endswith(_FILE_ENDINGS) and value and (folder / value).exists():
            merged[name] = str((folder / value).resolve())
    return merged


def missing_crm_variables(environment: Mapping[str, str]) -> list[str]:
    """Which variables of a Salesforce login are not set; empty: the real CRM is used instead of the sandbox."""
    missing = [name for name in CRM_VARIABLES if not environment.get(name)]
    return missing if any(environment.get(name) for name in CRM_KEYS) else [*missing, "SF_PRIVATE_KEY_FILE"]


def sets_any_crm_variable(environment: Mapping[str, str]) -> bool:
    """Whether somebody meant to use a real Salesforce."""
    return any(environment.get(name) for name in (*CRM_VARIABLES, *CRM_KEYS))


def hubspot_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """All settings of a real HubSpot portal; none unless there is a way to log in to it.

    Complete with token and address, so that they replace the sandbox's as a whole.
    """
    if not environment.get("HUBSPOT_ACCESS_TOKEN") and not environment.get("HUBSPOT_REFRESH_TOKEN"):
        return {}
    given = {name: value for name, value in environment.items() if name.startswith("HUBSPOT_")}
    return {"HUBSPOT_ACCESS_TOKEN": "", "HUBSPOT_BASE_URL": HUBSPOT_URL, **given}


def without_crm(environment: Mapping[str, str]) -> dict[str, str]:
    """For processes that have no business in the CRM."""
    return {name: value for name, value in environment.items() if not name.startswith(_OF_THE_CRM)}


def self_contained(environment: Mapping[str, str]) -> dict[str, str]:
    """For the demo: no broker, database or CRM but its own; only the LLM configuration stays."""
    return {name: value for name, value in environment.items() if not name.startswith(_OF_THE_SYSTEM)}


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """The processes reach each other on loopback, where no proxy answers."""
    local = "127.0.0.1,localhost"
    given = environment.get("NO_PROXY") or environment.get("no_proxy")
    value = f"{given},{local}" if given else local
    return {**environment, "NO_PROXY": value, "no_proxy": value}


LLM_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "LMSTUDIO_URL",
    "GEMINI_API_KEY",
    "COPILOT_API_KEY",
)
"""Each makes a provider usable (interfaces.md section 1)."""


def set_llm_variables(environment: Mapping[str, str]) -> list[str]:
    """Names of the LLM settings that are set; never their values."""
    if environment.get("AI_ENABLED", "true").strip().lower() in ("false", "0", "no", "off"):
        return []
    return [name for name in LLM_VARIABLES if environment.get(name)]
