"""OAuth: a refresh token for an access token, and what a token is good for."""

from collections.abc import Iterator

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot.errors import HubSpotError, bad_json
from crm_sandbox.hubspot.portal import Portal

OPEN_PATHS = ("/oauth/",)
"""Where one learns how to enter."""


class LoginCalls:
    def __init__(self, portal: Portal) -> None:
        self._tokens = portal.tokens

    def routes(self) -> Iterator[Route]:
        for version in ("v1", "v3", "2026-03", "2026-09"):
            base = f"/oauth/{version}"
            yield Route("POST", f"{base}/token", self._token)
            yield Route("GET", f"{base}/access-tokens/{{value}}", self._about)
            yield Route("GET", f"{base}/refresh-tokens/{{value}}", self._about_refresh)
            yield Route("DELETE", f"{base}/refresh-tokens/{{value}}", self._revoke)
            yield Route("POST", f"{base}/token/introspect", self._introspect)
            yield Route("POST", f"{base}/introspect", self._introspect)
            yield Route("POST", f"{base}/token/revoke", self._revoke_form)
        yield Route("POST", "/oauth/v2/private-apps/get/access-token-info", self._about_private)

    def _token(self, call: Call) -> Answer:
        kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise HubSpotError(415, "Unsupported Media Type: a form is needed", None)
        return Answer.json(self._tokens.refresh(call.form()), cache_control="no-store")

    def _about(self, call: Call) -> Answer:
        return Answer.json(self._tokens.about(call.words["value"]))

    def _about_refresh(self, call: Call) -> Answer:
        return Answer.json(self._tokens.about_refresh(call.words["value"]))

    def _introspect(self, call: Call) -> Answer:
        """Either kind of token, from a form; one that is none is merely not active."""
        token = call.form().get("token", "")
        for about in (self._tokens.about, self._tokens.about_refresh):
            try:
                return Answer.json({"active": True, **about(token)})
            except HubSpotError:
                continue
        return Answer.json({"active": False})

    def _about_private(self, call: Call) -> Answer:
        try:
            body = call.json()
        except ValueError as error:
            raise bad_json("no JSON") from error
        return Answer.json(self._tokens.about_private(body.get("tokenKey") if isinstance(body, dict) else None))

    def _revoke(self, call: Call) -> Answer:
        self._tokens.revoke(call.words["value"])
        return Answer(204)

    def _revoke_form(self, call: Call) -> Answer:
        self._tokens.revoke(call.form().get("token", ""))
        return Answer(204)
