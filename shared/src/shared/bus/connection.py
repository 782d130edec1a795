"""How every Kafka client of the process connects."""

from __future__ import annotations

import ssl
from typing import Any

from shared.settings import KafkaSettings


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Arguments that aiokafka's consumers, producers and admin clients share."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in settings.bootstrap_servers.split(",")],
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        arguments["sasl_mechanism"] = settings.sasl_mechanism
        arguments["sasl_plain_username"] = settings.sasl_username
        arguments["sasl_plain_password"] = settings.sasl_password.get_secret_value() if settings.sasl_password else None
    return arguments


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    """The configured certificate authority and client certificate, or the system's."""
    context = ssl.create_default_context(cafile=str(settings.ssl_cafile) if settings.ssl_cafile else None)
    if settings.ssl_certfile:
        context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile)
    return context
