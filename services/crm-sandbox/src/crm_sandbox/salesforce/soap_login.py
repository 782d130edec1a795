"""SOAP login(): a password and a security token become a session, as simple-salesforce still asks for."""

import secrets
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

# The call is gone from this version of the API on.
FIRST_WITHOUT = 65
_NAMESPACE = "urn:partner.soap.sforce.com"
_FAULTS = "urn:fault.partner.soap.sforce.com"


class SoapFaultError(Exception):
    """Why there is no session, as a SOAP fault words it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def envelope(self) -> bytes:
        detail = (
            f'<sf:LoginFault xmlns:sf="{_FAULTS}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:type="sf:LoginFault"><sf:exceptionCode>{self.code}</sf:exceptionCode>'
            f"<sf:exceptionMessage>{escape(self.message)}</sf:exceptionMessage></sf:LoginFault>"
        )
        fault = (
            f"<soapenv:Fault><faultcode>sf:{self.code}</faultcode>"
            f"<faultstring>{self.code}: {escape(self.message)}</faultstring><detail>{detail}</detail></soapenv:Fault>"
        )
        return _envelope(fault)


@dataclass(frozen=True, slots=True)
class Account:
    """Who may log in."""

    username: str
    password: str
    security_token: str


def check_login(account: Account, body: bytes, version: str) -> None:
    """Return where the credentials are good; SoapFaultError says what they are not."""
    if float(version) >= FIRST_WITHOUT:
        message = f"The login() call is not supported in API version {version}; use OAuth"
        raise SoapFaultError("UNSUPPORTED_API_VERSION", message)
    username, password = _credentials(body)
    wrong = SoapFaultError("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    if username.lower() != account.username.lower():
        raise wrong
    if secrets.compare_digest(password.encode(), account.password.encode()):
        message = (
            "Invalid username, password, security token; or user locked out. Are you at a new location? When accessing "
            "Salesforce--either via a desktop client or the API--from outside of your company's trusted networks, you "
            "must add a security token to your password to log in."
        )
        raise SoapFaultError("LOGIN_MUST_USE_SECURITY_TOKEN", message)
    if not secrets.compare_digest(password.encode(), (account.password + account.security_token).encode()):
        raise wrong


def granted(*, session_id: str, server_url: str, user_id: str, username: str, org_id: str) -> bytes:
    """The answer to a login that is good; the session lasts two hours."""
    facts = {
        "metadataServerUrl": server_url.replace("/Soap/u/", "/Soap/m/"),
        "passwordExpired": "false",
        "sandbox": "true",
        "serverUrl": server_url,
        "sessionId": session_id,
        "userId": user_id,
    }
    user = {
        "organizationId": org_id,
        "organizationName": "Recordsmith Sandbox",
        "sessionSecondsValid": "7200",
        "userEmail": username,
        "userFullName": "Sandbox Admin",
        "userId": user_id,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": username,
        "userTimeZone": "Europe/London",
        "userType": "Standard",
    }
    inner = _elements(facts) + f"<userInfo>{_elements(user)}</userInfo>"
    return _envelope(f"<loginResponse><result>{inner}</result></loginResponse>")


def _credentials(body: bytes) -> tuple[str, str]:
    malformed = SoapFaultError("INVALID_LOGIN", "The body must be a SOAP envelope with login, username and password.")
    # Entities have no place in a login, and they are how XML attacks its reader.
    if b"<!" in body:
        raise malformed
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - no declarations, see above
    except ElementTree.ParseError as error:
        raise malformed from error
    login = root.find(f".//{{{_NAMESPACE}}}login")
    username, password = (_text(login, name) for name in ("username", "password"))
    if not username or not password:
        raise malformed
    return username, password


def _text(login: ElementTree.Element | None, name: str) -> str:
    found = None if login is None else login.findtext(f"{{{_NAMESPACE}}}{name}")
    return found or ""


def _elements(values: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


def _envelope(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns="{_NAMESPACE}"><soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>'
    ).encode()
