"""How many calls a portal lets through: in ten rolling seconds, searches in a second, and in the portal's day."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crm_sandbox.clock import Clock
from crm_sandbox.hubspot.errors import HubSpotError, rate_limited
from crm_sandbox.hubspot.portal_settings import KeptSettings
from crm_sandbox.hubspot.tokens import Bearer
from crm_sandbox.store import Store

WINDOW_S = 10.0
SEARCH_WINDOW_S = 1.0


class Limits:
    """Refused calls do not count (assumed). The day's count outlives a restart, the windows do not."""

    def __init__(self, store: Store, clock: Clock, settings: KeptSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._calls: dict[bool, deque[float]] = {True: deque(), False: deque()}
        self._searches: deque[float] = deque()
        self._day = ""
        self._used = 0

    def load(self) -> None:
        self._calls = {True: deque(), False: deque()}
        self._searches = deque()
        self._day, _, used = (self._store.fact("hubspot_usage") or " 0").partition(" ")
        self._used = int(used)

    def admit(self, bearer: Bearer, *, search: bool) -> None:
        """Let a call in, or refuse it by the policy it breaks."""
        now = self._clock.now()
        self._turn_day()
        if self._used >= self._settings.now.daily:
            raise self._refused("DAILY", self.midnight().timestamp() - now)
        window, most, length = self._window(bearer, search=search)
        while window and window[0] <= now - length:
            window.popleft()
        if len(window) >= most:
            policy = "SECONDLY" if search else "TEN_SECONDLY_ROLLING"
            raise self._refused(policy, window[0] + length - now if window else length)
        window.append(now)
        self._used += 1

    def save(self) -> None:
        self._store.remember("hubspot_usage", f"{self._day} {self._used}")

    def headers(self, bearer: Bearer) -> Mapping[str, str]:
        """Those of every answer but a search's; an OAuth app is not told the day's."""
        window, most, _ = self._window(bearer, search=False)
        left = max(0, most - len(window))
        told = {
            "x-hubspot-ratelimit-interval-milliseconds": str(int(WINDOW_S * 1000)),
            "x-hubspot-ratelimit-max": str(most),
            "x-hubspot-ratelimit-remaining": str(left),
            "x-hubspot-ratelimit-secondly": str(most // 10),
            "x-hubspot-ratelimit-secondly-remaining": str(min(most // 10, left)),
        }
        if bearer.private:
            told["x-hubspot-ratelimit-daily"] = str(self._settings.now.daily)
            told["x-hubspot-ratelimit-daily-remaining"] = str(max(0, self._settings.now.daily - self._used))
        return told

    @property
    def used_today(self) -> int:
        self._turn_day()
        return self._used

    def midnight(self) -> datetime:
        """When the portal's day ends, on its own wall: an hour sooner or later where its clocks change."""
        zone = ZoneInfo(self._settings.now.time_zone)
        tomorrow = datetime.fromtimestamp(self._clock.now(), zone).date() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)

    def _turn_day(self) -> None:
        zone = ZoneInfo(self._settings.now.time_zone)
        today = datetime.fromtimestamp(self._clock.now(), zone).date().isoformat()
        if today != self._day:
            self._day, self._used = today, 0

    def _window(self, bearer: Bearer, *, search: bool) -> tuple[deque[float], int, float]:
        settings = self._settings.now
        if search:
            return self._searches, settings.searches_per_second, SEARCH_WINDOW_S
        most = settings.ten_seconds_private if bearer.private else settings.ten_seconds_oauth
        return self._calls[bearer.private], most, WINDOW_S

    def _refused(self, policy: str, wait_s: float) -> HubSpotError:
        error = rate_limited(policy)
        if self._settings.now.retry_after:
            error.retry_after = max(1, int(-(-wait_s // 1)))
        return error
