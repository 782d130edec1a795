"""The portal's midnight, also on the days when clocks change."""

from datetime import UTC, datetime

import pytest
from shared.crm.hubspot_limits import seconds_until_midnight

HOUR = 3_600.0


@pytest.mark.parametrize(
    ("now", "zone", "hours"),
    [
        ("2026-07-01T00:00", "UTC", 24),
        ("2026-07-01T12:00", "US/Eastern", 16),
        ("2026-03-08T05:00", "US/Eastern", 23),  # clocks go forward at 2 a.m.
        ("2026-11-01T04:00", "US/Eastern", 25),  # and back
        ("2026-07-01T22:30", "Asia/Kolkata", 20),
        ("2026-07-01T01:00", "Nowhere/Atall", 23),
        ("2026-07-01T01:00", "../../etc/passwd", 23),
    ],
)
def test_the_day_ends_at_the_portals_midnight(now: str, zone: str, hours: float) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()
    assert seconds_until_midnight(moment, zone) == hours * HOUR
