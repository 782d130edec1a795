"""The portal's day and its windows, on a clock of the test's own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_sandbox.clock import Clock
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.limits import Limits
from crm_sandbox.hubspot.portal_settings import KeptSettings
from crm_sandbox.hubspot.tokens import Bearer
from crm_sandbox.store import Store

PRIVATE = Bearer("pat", private=True, scopes=frozenset())
OAUTH = Bearer("C", private=False, scopes=frozenset())


class Watch:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "limits.sqlite3")
    yield store
    store.close()


@pytest.fixture
def settings(store: Store) -> KeptSettings:
    return KeptSettings(store)


@pytest.fixture
def limits(store: Store, settings: KeptSettings, watch: Watch) -> Limits:
    return Limits(store, Clock(real=watch), settings)


def refused(limits: Limits, bearer: Bearer = PRIVATE, *, search: bool = False) -> tuple[str, int | None]:
    with pytest.raises(HubSpotError) as error:
        limits.admit(bearer, search=search)
    return str(error.value.more["policyName"]), error.value.retry_after


def test_the_window_rolls(limits: Limits, settings: KeptSettings, watch: Watch) -> None:
    settings.change({"ten_seconds_private": 3, "retry_after": True})
    for _ in range(3):
        limits.admit(PRIVATE, search=False)
        watch.now += 2
    assert refused(limits) == ("TEN_SECONDLY_ROLLING", 4)
    watch.now += 4
    limits.admit(PRIVATE, search=False)
    assert refused(limits) == ("TEN_SECONDLY_ROLLING", 2)


def test_private_apps_oauth_apps_and_searches_do_not_share(limits: Limits, settings: KeptSettings) -> None:
    settings.change({"ten_seconds_private": 1, "ten_seconds_oauth": 1, "searches_per_second": 1})
    for bearer in (PRIVATE, OAUTH):
        limits.admit(bearer, search=False)
        assert refused(limits, bearer) == ("TEN_SECONDLY_ROLLING", None)
    limits.admit(OAUTH, search=True)
    assert refused(limits, PRIVATE, search=True)[0] == "SECONDLY"


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-01-05T12:00:00-05:00", 12),
        ("2026-03-08T00:00:00-05:00", 23),
        ("2026-11-01T00:00:00-04:00", 25),
    ],
)
def test_a_day_is_as_long_as_the_portals_clocks_make_it(
    limits: Limits, settings: KeptSettings, watch: Watch, now: str, hours: int
) -> None:
    watch.now = datetime.fromisoformat(now).timestamp()
    settings.change({"daily": 1, "retry_after": True})
    limits.admit(PRIVATE, search=False)
    assert refused(limits) == ("DAILY", hours * 3600)
    watch.now += hours * 3600 - 1
    assert refused(limits) == ("DAILY", 1)
    watch.now += 1
    limits.admit(PRIVATE, search=False)


def test_the_days_count_outlives_a_restart(limits: Limits, settings: KeptSettings, watch: Watch, store: Store) -> None:
    for _ in range(3):
        limits.admit(PRIVATE, search=False)
    limits.save()
    again = Limits(store, Clock(real=watch), settings)
    again.load()
    assert again.used_today == 3
    watch.now += 86_400
    assert again.used_today == 0
