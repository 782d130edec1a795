"""Which models the environment configures: for batches that name none, and for designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.errors import Fatal
from shared.events import ModelSpec

from generator_svc.design.designer import Seat
from generator_svc.domain.provider import Access
from generator_svc.providers import PROVIDERS
from generator_svc.settings import AISettings, ProviderSettings
from generator_svc.transport import Http


def settings_of() -> dict[str, Access]:
    """Key and address of every provider."""
    return {name: access_of(ProviderSettings.of(name)) for name in PROVIDERS}


def configured_seats(ai: AISettings, http: Http) -> list[Seat]:
    """The models that design schemas, in order; none where AI_ENABLED is false. Raises `Fatal` for an unknown name."""
    if not ai.enabled:
        return []
    access = settings_of()
    return [
        Seat(PROVIDERS[spec.provider](access[spec.provider], http), spec.model, ai.timeout_ms / 1000)
        for spec in default_chain(ai, access)
    ]


def default_chain(ai: AISettings, access: Mapping[str, Access]) -> Sequence[ModelSpec]:
    """AI_PROVIDER where it is set; else every provider with a key or an address, in the registry's order."""
    named = [name.strip().lower() for name in (ai.provider or "").split(",") if name.strip()]
    unknown = [name for name in named if name not in PROVIDERS]
    if unknown:
        raise Fatal(f"AI_PROVIDER names {', '.join(unknown)}; known are {', '.join(PROVIDERS)}", category="auth")
    order = named or [name for name, make in PROVIDERS.items() if make.configured(access[name])]
    models = [PROVIDERS[name].default_model for name in order]
    if models and ai.model:
        models[0] = ai.model
    return [ModelSpec(provider=name, model=model) for name, model in zip(order, models, strict=True)]


def access_of(settings: ProviderSettings) -> Access:
    """Key and address out of their settings."""
    key = settings.api_key.get_secret_value() if settings.api_key else None
    return Access(key or None, settings.base_url or settings.url)
