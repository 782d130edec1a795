"""HubSpot's API: who may enter, how often, and what every answer carries."""

from collections.abc import Sequence
from dataclasses import replace

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot import scopes
from crm_sandbox.hubspot.errors import HubSpotError, ordered, rate_limited
from crm_sandbox.hubspot.tokens import Bearer
from crm_sandbox.hubspot.validation_rules import binding
from crm_sandbox.org import Org
from crm_sandbox.rooms.hubspot_account import AccountCalls
from crm_sandbox.rooms.hubspot_associations import AssociationCalls
from crm_sandbox.rooms.hubspot_login import OPEN_PATHS, LoginCalls
from crm_sandbox.rooms.hubspot_objects import ObjectCalls
from crm_sandbox.rooms.hubspot_properties import PropertyCalls
from crm_sandbox.rooms.hubspot_routes import VERSIONS, HubSpotRoute
from crm_sandbox.rooms.hubspot_schemas import SchemaCalls

# Cloudflare stands before HubSpot and words these itself, in HTML (assumed).
_FROM_THE_EDGE = {502: "Bad gateway", 504: "Gateway time-out", 521: "Web server is down", 522: "Connection timed out"}
_FROM_THE_EDGE |= {520: "Web server is returning an unknown error", 523: "Origin is unreachable"}
_FROM_THE_EDGE |= {524: "A timeout occurred"}
# The wording of these is assumed; the status is the vendor's.
_TOLD = {
    423: ("The resource is locked. Wait at least two seconds before the next attempt.", "LOCKED"),
    477: ("This account is being migrated to another data center.", "MIGRATION_IN_PROGRESS"),
    500: ("internal error", None),
    503: ("Service temporarily unavailable", None),
}
_MIGRATION_WAIT_S = 5


class HubSpotRoom:
    prefixes = ("/crm", "/oauth", "/account-info")

    def __init__(self, org: Org) -> None:
        self._portal = org.hubspot
        self.routes: Sequence[Route] = [
            *LoginCalls(org.hubspot).routes(),
            *AccountCalls(org.hubspot).routes(),
            *AssociationCalls(org.hubspot).routes(),
            *ObjectCalls(org.hubspot).routes(),
            *PropertyCalls(org.hubspot).routes(),
            *SchemaCalls(org.hubspot).routes(),
        ]

    def answer(self, call: Call, route: Route | None) -> Answer:
        try:
            if not call.path.startswith(OPEN_PATHS):
                bearer = self._portal.tokens.bearer(call.bearer())
                self._portal.limits.admit(bearer, search=_is_search(call))
                if isinstance(route, HubSpotRoute):
                    self._demand_scope(call, route, bearer)
            if route is None or call.words.get("version", VERSIONS[0]) not in VERSIONS:
                raise self._nowhere(call)
            if call.fails_first and not route.writes:
                raise ordered(call.fails_first)
            self._portal.writes.catch_up()
            with binding(call.words.get("version")):
                return route.respond(call)
        except HubSpotError as error:
            return refusal(error)

    def failure(self, status: int, code: str | None = None) -> Answer:
        if status in _FROM_THE_EDGE:
            page = f"<!DOCTYPE html><html><head><title>{status}: {_FROM_THE_EDGE[status]}</title></head></html>"
            return Answer(status, page.encode(), (("content-type", "text/html; charset=UTF-8"),))
        if status == 429:
            return refusal(rate_limited(code or "TEN_SECONDLY_ROLLING"))
        if status == 403 and code in (None, "MISSING_SCOPES"):
            return refusal(scopes.missing("crm.objects.contacts.write"))
        message, category = _TOLD.get(status, ("The call was refused", "VALIDATION_ERROR"))
        if status == 401:
            message, category = "Authentication credentials not found.", "INVALID_AUTHENTICATION"
        return refusal(HubSpotError(status, message, code or category))

    def seal(self, call: Call, answer: Answer) -> Answer:
        if answer.status == 477 and not any(name == "retry-after" for name, _ in answer.headers):
            answer = replace(answer, headers=(*answer.headers, ("retry-after", str(_MIGRATION_WAIT_S))))
        if call.path.startswith(OPEN_PATHS) or _is_search(call):
            return answer
        try:
            bearer = self._portal.tokens.bearer(call.bearer())
        except HubSpotError:
            return answer
        self._portal.limits.save()
        return replace(answer, headers=(*answer.headers, *self._portal.limits.headers(bearer).items()))

    def _demand_scope(self, call: Call, route: HubSpotRoute, bearer: Bearer) -> None:
        if route.part == "owners":
            needed = "crm.objects.owners.read"
        elif "type" in call.words:
            one = self._portal.types.named(call.words["type"])
            of = scopes.of_schemas if route.part == "schemas" else scopes.of_objects
            needed = of(one, route.right)
        elif route.part == "schemas":
            needed = f"crm.schemas.custom.{route.right}"
        else:
            return
        if needed not in bearer.scopes:
            raise scopes.missing(needed)

    def _nowhere(self, call: Call) -> HubSpotError:
        known = call.words.get("version", VERSIONS[0]) in VERSIONS
        if known and any(route.words(call.path) is not None for route in self.routes):
            return HubSpotError(405, f"The method {call.method} is not allowed here", None)
        return HubSpotError(404, "resource not found", None)


def refusal(error: HubSpotError) -> Answer:
    headers = {"retry_after": str(error.retry_after)} if error.retry_after is not None else {}
    return Answer.json(error.body(), error.status, **headers)


def _is_search(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/search")
