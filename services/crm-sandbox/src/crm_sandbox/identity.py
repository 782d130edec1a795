"""Who this org is: its ids, its one user, its connected app and its secrets, made once per data folder."""

import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from crm_sandbox.salesforce.ids import make_id
from crm_sandbox.settings import write_private


@dataclass(frozen=True, slots=True)
class HubSpotIdentity:
    access_token: str
    client_id: str
    client_secret: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Identity:
    org_id: str
    user_id: str
    username: str
    password: str
    security_token: str
    consumer_key: str
    access_token: str
    admin_token: str
    hubspot: HubSpotIdentity

    @classmethod
    def of_folder(cls, folder: Path) -> "Identity":
        """Read the folder's identity, or make one."""
        path = folder / "identity.json"
        if path.exists():
            saved = orjson.loads(path.read_bytes())
            return cls(**{**saved, "hubspot": HubSpotIdentity(**saved["hubspot"])})
        made = cls.new()
        made.save(folder)
        return made

    @classmethod
    def new(cls) -> "Identity":
        org_id = make_id("00D", secrets.randbelow(62**5) + 1)
        return cls(
            org_id=org_id,
            user_id=make_id("005", 1),
            username="admin@sandbox.recordsmith.example",
            password=secrets.token_urlsafe(12),
            security_token=secrets.token_hex(12),
            consumer_key="3MVG9" + secrets.token_hex(40),
            access_token=new_access_token(org_id),
            admin_token=secrets.token_urlsafe(24),
            hubspot=HubSpotIdentity(
                access_token=f"pat-eu1-{secrets.token_hex(16)}",
                client_id=secrets.token_hex(16),
                client_secret=secrets.token_hex(16),
                refresh_token=secrets.token_hex(18),
            ),
        )

    def save(self, folder: Path) -> None:
        write_private(folder / "identity.json", orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))


def new_access_token(org_id: str) -> str:
    """The sf command line refuses a token that is not an org id, an exclamation mark and a secret."""
    return f"{org_id[:15]}!AQ{secrets.token_urlsafe(64)}"
