"""Access tokens and how long they live."""

from crm_sandbox.clock import Clock
from crm_sandbox.identity import new_access_token
from crm_sandbox.store import Store

# Salesforce's default: two hours without a call.
LIFETIME_S = 2 * 3600


class Sessions:
    def __init__(self, store: Store, clock: Clock, org_id: str) -> None:
        self._store = store
        self._clock = clock
        self._org_id = org_id
        self._until: dict[str, float] = {}

    def load(self) -> None:
        self._store.writer.execute("CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, until REAL NOT NULL)")
        self._until = dict(self._store.writer.execute("SELECT token, until FROM sessions"))

    def open(self, token: str | None = None) -> str:
        """A new session, under a token of its own unless one is given."""
        token = token or new_access_token(self._org_id)
        self._prolong(token)
        return token

    def is_open(self, token: str) -> bool:
        """Whether the token is good; using it keeps it good."""
        left = self._until.get(token, 0.0) - self._clock.now()
        if left <= 0:
            return False
        # Like Salesforce, prolong in the second half only: it spares a write on every call.
        if left < LIFETIME_S / 2:
            self._prolong(token)
        return True

    def end(self, token: str) -> bool:
        """End one session; whether there was one."""
        self._store.writer.execute("DELETE FROM sessions WHERE token = ?", (token,))
        return self._until.pop(token, 0.0) > self._clock.now()

    def expire_all(self) -> int:
        """End every session; how many there were."""
        ended = sum(until > self._clock.now() for until in self._until.values())
        self._until.clear()
        self._store.writer.execute("DELETE FROM sessions")
        return ended

    def _prolong(self, token: str) -> None:
        self._until[token] = until = self._clock.now() + LIFETIME_S
        self._store.writer.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", (token, until))
