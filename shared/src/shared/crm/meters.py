"""What is counted of every CRM's calls."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from shared.telemetry import names

CALLS = Counter(names.METRIC_CRM_CALLS, "CRM calls", ["crm", "operation", "status"])
SECONDS = Histogram(names.METRIC_CRM_SECONDS, "Seconds of a CRM call", ["crm", "operation"])
READ_ALARMS = Counter(names.METRIC_CRM_READ_ALARMS, "Large reads whose rows are not as many as told", ["crm"])
