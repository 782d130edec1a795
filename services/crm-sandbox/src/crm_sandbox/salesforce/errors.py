"""Why Salesforce refuses: one error for a record, one for a whole request."""

from collections.abc import Sequence

from crm_sandbox.foreign import Json

# Codes that a client meets as something else than 400.
STATUS_OF = {
    "INVALID_SESSION_ID": 401,
    "INVALID_AUTH_HEADER": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}

MESSAGE_OF = {
    "INVALID_SESSION_ID": "Session expired or invalid",
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record",
    "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.",
    "SERVER_UNAVAILABLE": "The server is temporarily unavailable.",
    "STORAGE_LIMIT_EXCEEDED": "storage limit exceeded",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of this org refuses the record.",
    "DUPLICATES_DETECTED": "Use one of these records?",
    "QUERY_TIMEOUT": "Your query request was running for too long.",
    "UNKNOWN_EXCEPTION": "An unexpected error occurred.",
}


class RecordError(Exception):
    """One record is refused; the others of the call go on."""

    def __init__(self, code: str, message: str | None = None, fields: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGE_OF.get(code, code) if message is None else message
        self.fields = list(fields)

    def in_collection(self) -> dict[str, Json]:
        """Per-record errors say statusCode where request errors say errorCode."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


class RequestError(Exception):
    """The whole request is refused."""

    def __init__(self, code: str, message: str | None = None, *, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGE_OF.get(code, code) if message is None else message
        self.status = status or STATUS_OF.get(code, 400)

    def body(self) -> list[Json]:
        return [{"message": self.message, "errorCode": self.code}]


def no_such_resource() -> RequestError:
    return RequestError("NOT_FOUND", "The requested resource does not exist")
