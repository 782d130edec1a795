"""Tokens, and who holds one."""

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org
from crm_sandbox.salesforce.login import ConnectedApp, LoginError, check_assertion


class LoginCalls:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._app = ConnectedApp(org.identity.consumer_key, org.identity.username, org.public_key)

    def token(self, call: Call) -> Answer:
        own_urls = frozenset({*self._org.urls, call.base_url})
        try:
            check_assertion(self._app, call.form(), own_urls=own_urls, now=self._org.clock.real())
        except LoginError as error:
            # OAuth's errors are an object, all others of Salesforce a list.
            return Answer.json({"error": error.error, "error_description": error.description}, 400)
        me = self._org.identity
        session = {
            "access_token": self._org.sessions.open(),
            "scope": "api web refresh_token",
            "instance_url": call.base_url,
            "id": f"{call.base_url}/id/{me.org_id}/{me.user_id}",
            "token_type": "Bearer",
        }
        return Answer.json(session, cache_control="no-store")

    def userinfo(self, call: Call) -> Answer:
        token = call.bearer()
        if token is None or not self._org.sessions.is_open(token):
            return Answer(403, b"Bad_OAuth_Token", (("content-type", "text/plain"),))
        me = self._org.identity
        return Answer.json(
            {
                "sub": f"{call.base_url}/id/{me.org_id}/{me.user_id}",
                "user_id": me.user_id,
                "organization_id": me.org_id,
                "preferred_username": me.username,
                "name": "Sandbox Admin",
                "email": me.username,
                "email_verified": True,
                "given_name": "Sandbox",
                "family_name": "Admin",
                "active": True,
                "user_type": "STANDARD",
                "language": "en_US",
                "locale": "en_US",
                "zoneinfo": "Europe/London",
                "urls": {"rest": f"{call.base_url}/services/data/v{{version}}/"},
            }
        )
