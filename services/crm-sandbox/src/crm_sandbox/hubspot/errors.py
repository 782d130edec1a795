"""How HubSpot words a refusal: one body for all, and its short form inside a batch's answer."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Context = Mapping[str, Sequence[str]]


class HubSpotError(Exception):
    """A call, or one input of a batch, that HubSpot refuses."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str | None = "VALIDATION_ERROR",
        *,
        sub_category: str | None = None,
        context: Context | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.sub_category = sub_category
        self.context = dict(context or {})
        self.errors = list(errors)
        self.more = dict(more or {})
        self.retry_after: int | None = None

    def body(self) -> dict[str, Any]:
        """The answer to the whole call."""
        return {"status": "error", "message": self.message, "correlationId": str(uuid.uuid4()), **self._rest()}

    def item(self, trace_id: str | None = None) -> dict[str, Any]:
        """The element of a 207's `errors`, named by the trace id the client gave (fixture err-partial-success)."""
        rest = self._rest()
        if trace_id is not None:
            rest["context"] = {"objectWriteTraceId": [trace_id], **self.context}
        return {"status": "error", "message": self.message, **rest}

    def _rest(self) -> dict[str, Any]:
        rest: dict[str, Any] = {**self.more}
        named = {"context": self.context, "category": self.category, "subCategory": self.sub_category}
        rest.update({name: value for name, value in named.items() if value})
        if self.errors:
            rest["errors"] = self.errors
        return rest


@dataclass(frozen=True)
class PropertyError(Exception):
    """One value that a property does not take."""

    name: str
    code: str
    message: str


class InvalidPropertiesError(HubSpotError):
    """Values that properties do not take; the message carries them all as JSON, `errors` each kind once."""

    def __init__(self, problems: Sequence[PropertyError]) -> None:
        self.problems = tuple(problems)
        told = [
            {
                "isValid": False,
                "message": one.message,
                "error": one.code,
                "name": one.name,
                "localizedErrorMessage": one.message,
            }
            for one in problems
        ]
        errors = [
            {"message": one.message, "code": one.code, "context": {"propertyName": [one.name]}}
            for one in dict.fromkeys(problems)
        ]
        super().__init__(400, f"Property values were not valid: {orjson.dumps(told).decode()}", errors=errors)


class MissingObjectsError(HubSpotError):
    """Ids of a batch that name no record: told even where no trace ids were sent (fixture err-partial-success)."""

    def __init__(self, label: str, ids: Sequence[str]) -> None:
        message = f"Could not get some {label} objects, they may be deleted or not exist. Check that ids are valid."
        super().__init__(404, message, "OBJECT_NOT_FOUND", context={"ids": list(ids)})
        self.label = label
        self.ids = tuple(ids)


class AlreadyExistsError(HubSpotError):
    """Another contact has this e-mail; the text carries its id, which clients parse."""

    def __init__(self, label: str, existing_id: int) -> None:
        self.plain = f"{label.capitalize()} already exists"
        context = {"existingId": [str(existing_id)]}
        super().__init__(409, f"{self.plain}. Existing ID: {existing_id}", "CONFLICT", context=context)

    def body(self) -> dict[str, Any]:
        # The answer to a whole call says it in the message only (fixture err-conflict).
        return {key: value for key, value in super().body().items() if key != "context"}


def not_found(message: str = "resource not found") -> HubSpotError:
    return HubSpotError(404, message, "OBJECT_NOT_FOUND")


def bad_json(why: str) -> HubSpotError:
    """A body that is no JSON, or lacks what the call needs."""
    return HubSpotError(400, f"Invalid input JSON on line 1, column 1: {why}")


def required_fields(*names: str) -> HubSpotError:
    """The wording is observed in public logs of real calls."""
    listed = ", ".join(names)
    return HubSpotError(400, f"Invalid input JSON on line 1, column 1. Some required fields were not set: [{listed}]")


PolicyName = Literal["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"]


def rate_limited(policy: str) -> HubSpotError:
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": uuid.uuid4().hex}
    return HubSpotError(429, f"You have reached your {policy.lower()} limit.", None, more=more)


_PROPERTY_CODES = frozenset(
    {
        "PROPERTY_DOESNT_EXIST",
        "INVALID_OPTION",
        "INVALID_EMAIL",
        "INVALID_DATE",
        "INVALID_INTEGER",
        "INVALID_NUMBER",
        "READ_ONLY_VALUE",
        "CONFLICTING_UNIQUE_VALUE",
    }
)
_STATUS_OF = {
    "CONFLICT": 409,
    "OBJECT_NOT_FOUND": 404,
    "MISSING_SCOPES": 403,
    "INVALID_AUTHENTICATION": 401,
    "EXPIRED_AUTHENTICATION": 401,
    "LOCKED": 423,
}


def ordered(code: str, properties: Sequence[str] = ()) -> HubSpotError:
    """The refusal that a fault asks for by its code: a property's, a rate policy's or a category."""
    if code in _PROPERTY_CODES:
        name = properties[0] if properties else "unknown"
        return InvalidPropertiesError([PropertyError(name, code, f'Property "{name}" was refused: {code}')])
    if code in ("TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"):
        return rate_limited(code)
    return HubSpotError(_STATUS_OF.get(code, 400), f"This record was refused: {code}", code)
