"""The administrator's door: reset, faults, the clock, the call log. Behind its own token, never on a CRM's path."""

import secrets
from collections.abc import Sequence
from typing import Any

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.faults import FaultError
from crm_sandbox.org import Org
from crm_sandbox.rooms.hubspot_admin import portal_routes
from crm_sandbox.salesforce.definitions import DefinitionError
from crm_sandbox.switches import SwitchError


class AdminRoom:
    prefixes = ("/admin",)

    def __init__(self, org: Org) -> None:
        self._org = org
        self.routes: Sequence[Route] = [
            Route("POST", "/admin/reset", self._reset),
            Route("POST", "/admin/sessions/expire", self._expire),
            Route("GET", "/admin/calls", lambda call: Answer.json(org.calls.report())),
            Route("DELETE", "/admin/calls", self._forget_calls),
            Route("POST", "/admin/objects", self._add_object),
            Route("POST", "/admin/faults", self._order_fault),
            Route("DELETE", "/admin/faults", self._clear_faults),
            Route("POST", "/admin/clock", self._advance),
            Route("GET", "/admin/switches", lambda call: Answer.json(org.switches.all())),
            Route("POST", "/admin/switches", self._turn),
            *portal_routes(org.hubspot),
        ]

    def answer(self, call: Call, route: Route | None) -> Answer:
        if not call.path.startswith(self.prefixes):
            return _refused(404, "no CRM of this sandbox answers here")
        if not secrets.compare_digest((call.bearer() or "").encode(), self._org.identity.admin_token.encode()):
            return _refused(401, "the admin token of sandbox.json is needed: Authorization: Bearer …")
        if route is None:
            return _refused(404, f"no {call.method} {call.path} here")
        try:
            return route.respond(call)
        except (FaultError, DefinitionError, SwitchError, ValueError) as error:
            return _refused(400, str(error))

    def failure(self, status: int, code: str | None = None) -> Answer:
        return _refused(status, code or "failure")

    def seal(self, call: Call, answer: Answer) -> Answer:
        return answer

    def _reset(self, call: Call) -> Answer:
        self._org.reset()
        return Answer.json({"reset": True})

    def _expire(self, call: Call) -> Answer:
        return Answer.json({"expired": self._org.sessions.expire_all() + self._org.hubspot.tokens.expire_all()})

    def _forget_calls(self, call: Call) -> Answer:
        self._org.calls.clear()
        return Answer(204)

    def _add_object(self, call: Call) -> Answer:
        body: Any = call.json()
        if not isinstance(body, dict):
            raise DefinitionError("a describe body is an object")
        return Answer.json({"name": self._org.add_object(body).name}, 201)

    def _order_fault(self, call: Call) -> Answer:
        return Answer.json({"id": self._org.faults.order(call.json())}, 201)

    def _clear_faults(self, call: Call) -> Answer:
        self._org.faults.clear()
        return Answer(204)

    def _turn(self, call: Call) -> Answer:
        return Answer.json(self._org.switches.turn(call.json()))

    def _advance(self, call: Call) -> Answer:
        body: Any = call.json()
        seconds = body.get("advance_s") if isinstance(body, dict) else None
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= 1e9:
            raise ValueError("advance_s: a number of seconds, not negative")
        self._org.advance(float(seconds))
        return Answer.json({"now": self._org.clock.stamp()})


def _refused(status: int, why: str) -> Answer:
    return Answer.json({"error": why}, status)
