"""docs/reference/settings.md from the settings classes of the services.

python docs/generate/settings.py [--check]
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import typing
from collections.abc import Iterator
from types import ModuleType, UnionType

from generator_svc.providers import NEEDS_NOTHING, PROVIDERS
from generator_svc.settings import ProviderSettings
from pages import Page, run, table
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

SECTIONS = (
    ("Every service", "shared.settings"),
    ("Salesforce", "shared.crm.settings"),
    ("HubSpot", "shared.crm.hubspot_settings"),
    ("gateway", "gateway.settings"),
    ("schema-svc", "schema_svc.settings"),
    ("generator-svc", "generator_svc.settings"),
    ("writer-svc", "writer_svc.settings"),
)

INTRODUCTION = """# Settings

Generated from the settings classes by `python docs/generate/all.py`. Do not edit.

A service reads the environment, then `.env` in its working directory. A real environment variable wins.
`OTEL_*` variables are those of OpenTelemetry: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER`, and so on.
"""

WITHOUT_ACCESS = {"scripted"}

COMMAND = (
    ("`RECORDSMITH_URL`", "from `run.json`", "address of the gateway, for the commands that talk to it"),
    ("`RECORDSMITH_API_KEY`", "from `run.json`", "key of its API"),
    ("`RECORDSMITH_TRACEBACK`", "unset", "anything: a bug shows where it happened"),
)
"""Read by the command line, which has no settings class."""

COMPOSE = (
    ("`POSTGRES_PASSWORD`", "required", "of the PostgreSQL in docker-compose.yml; letters and digits"),
    ("`RECORDSMITH_TAG`", "`latest`", "tag of the images that docker-compose.yml builds and runs"),
)
"""Read by Compose itself, not by a service."""


def rendered() -> str:
    """The page."""
    sections = [(title, list(variables(module))) for title, module in SECTIONS if importlib.util.find_spec(module)]
    sections.append(("The `recordsmith` command", list(COMMAND)))
    sections.append(("docker-compose.yml", list(COMPOSE)))
    return INTRODUCTION + "".join(
        f"\n## {title}\n\n" + table(("variable", "default", "meaning"), rows) for title, rows in sections if rows
    )


def variables(module_name: str) -> Iterator[tuple[str, str, str]]:
    """Every environment variable that the classes defined in this module read."""
    for settings in classes(importlib.import_module(module_name)):
        if settings is ProviderSettings:
            yield from of_providers()
            continue
        for name, field in settings.model_fields.items():
            if not nested(field):
                meaning = field.description or ""
                yield (
                    " or ".join(f"`{one}`" for one in environment_names(settings, name, field)),
                    default(field),
                    meaning,
                )


def of_providers() -> Iterator[tuple[str, str, str]]:
    """Key and address of every LLM provider: their names begin with the provider's."""
    for name in PROVIDERS:
        if name not in WITHOUT_ACCESS:
            yield f"`{name.upper()}_API_KEY`", "unset", f"key of {name}"
            field = "url" if name in NEEDS_NOTHING else "base_url"
            meaning = ProviderSettings.model_fields[field].description or f"address of {name}, if not the usual one"
            yield f"`{name.upper()}_{field.upper()}`", "unset", meaning


def classes(module: ModuleType) -> list[type[BaseSettings]]:
    """The settings classes that have their home in this module, in the order of the file."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__
    ]


def environment_names(settings: type[BaseSettings], name: str, field: FieldInfo) -> list[str]:
    """An alias stands for itself; any other field has the prefix of its class."""
    alias = field.validation_alias or field.alias
    if isinstance(alias, AliasChoices):
        return [str(choice).upper() for choice in alias.choices]
    if isinstance(alias, str):
        return [alias.upper()]
    return [f"{settings.model_config.get('env_prefix', '')}{name}".upper()]


def nested(field: FieldInfo) -> bool:
    """Whether the field is a group of settings, listed where its class is defined."""
    return any(isinstance(one, type) and issubclass(one, BaseSettings) for one in parts(field.annotation))


def parts(annotation: object) -> tuple[object, ...]:
    """The members of a union, or the annotation itself."""
    return typing.get_args(annotation) if typing.get_origin(annotation) in (typing.Union, UnionType) else (annotation,)


def default(field: FieldInfo) -> str:
    """What holds when nobody says anything; never a secret."""
    if field.default is PydanticUndefined and field.default_factory is None:
        return "required"
    if field.default is PydanticUndefined:
        return "made at start"
    if field.default is None or isinstance(field.default, SecretStr):
        return "unset"
    return f"`{field.default}`".lower() if isinstance(field.default, bool) else f"`{field.default}`"


PAGE = Page("settings.md", rendered)

if __name__ == "__main__":
    sys.exit(run([PAGE]))
