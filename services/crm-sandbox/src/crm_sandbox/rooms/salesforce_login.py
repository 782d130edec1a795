"""Tokens, and who holds one."""

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org
from crm_sandbox.salesforce.login import ConnectedApp, LoginError, check_assertion
from crm_sandbox.salesforce.soap_login import Account, SoapFaultError, check_login, granted

_XML = (("content-type", "text/xml;charset=UTF-8"),)


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
        me, url = self._org.identity, self._instance_url(call)
        session = {
            "access_token": self._org.sessions.open(),
            "scope": "api web refresh_token",
            "instance_url": url,
            "id": f"{url}/id/{me.org_id}/{me.user_id}",
            "token_type": "Bearer",
        }
        return Answer.json(session, cache_control="no-store")

    def soap(self, call: Call) -> Answer:
        """login() of the SOAP API; any other call of it is refused."""
        me, version = self._org.identity, call.words["version"]
        account = Account(me.username, me.password, me.security_token)
        try:
            check_login(account, call.body, version)
        except SoapFaultError as fault:
            return Answer(500, fault.envelope(), _XML)
        body = granted(
            session_id=self._org.sessions.open(),
            server_url=f"{self._instance_url(call)}/services/Soap/u/{version}/{me.org_id[:15]}",
            user_id=me.user_id,
            username=me.username,
            org_id=me.org_id,
        )
        return Answer(200, body, _XML)

    def revoke(self, call: Call) -> Answer:
        """End one session; what is no session is not said to be one."""
        token = call.form().get("token") or call.query.get("token", "")
        if self._org.sessions.end(token):
            return Answer(200)
        return Answer.json(
            {"error": "unsupported_token_type", "error_description": "this token type is not supported"}, 400
        )

    def identity(self, call: Call) -> Answer:
        """What the address in a login's `id` answers."""
        token = call.bearer()
        if token is None or not self._org.sessions.is_open(token):
            return Answer(403, b"Bad_OAuth_Token", (("content-type", "text/plain"),))
        me, url = self._org.identity, self._instance_url(call)
        if call.words["org"] not in (me.org_id, me.org_id[:15]) or call.words["id"] not in (
            me.user_id,
            me.user_id[:15],
        ):
            return Answer(404, b"Unknown user", (("content-type", "text/plain"),))
        rest = f"{url}/services/data/v{{version}}/"
        return Answer.json(
            {
                "id": f"{url}/id/{me.org_id}/{me.user_id}",
                "asserted_user": True,
                "user_id": me.user_id,
                "organization_id": me.org_id,
                "username": me.username,
                "nick_name": "admin",
                "display_name": "Sandbox Admin",
                "email": me.username,
                "email_verified": True,
                "first_name": "Sandbox",
                "last_name": "Admin",
                "timezone": "Europe/London",
                "active": True,
                "user_type": "STANDARD",
                "language": "en_US",
                "locale": "en_US",
                "utcOffset": 0,
                "is_app_installed": True,
                "urls": {"rest": rest, "sobjects": f"{rest}sobjects/", "query": f"{rest}query/"},
            }
        )

    def _instance_url(self, call: Call) -> str:
        """The org's own address; a client may have been led here by the name of the vendor's login host."""
        host = call.base_url.partition("://")[2]
        if not host.endswith(".salesforce.com"):
            return call.base_url
        return self._org.urls[-1] if call.base_url.startswith("https:") else self._org.urls[0]

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
