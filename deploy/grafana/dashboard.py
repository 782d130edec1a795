"""Writes the Grafana dashboard `recordsmith.json` from the metric names that the services use.

python deploy/grafana/dashboard.py [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.telemetry import names

OUTPUT = Path(__file__).with_name("recordsmith.json")
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
COLUMNS = 24  # Grafana's grid
WIDTH, HEIGHT = 8, 8


@dataclass(frozen=True)
class Panel:
    """One graph: what it shows, in which unit, and a line per (PromQL, legend)."""

    title: str
    meaning: str
    unit: str
    queries: tuple[tuple[str, str], ...]


def rate(metric: str, *by: str) -> str:
    """Per second, summed over all processes."""
    return f"sum by ({', '.join(by)}) (rate({metric}[$__rate_interval]))"


def quantile(share: float, metric: str, *by: str) -> str:
    """Quantile of a histogram over all processes."""
    return f"histogram_quantile({share}, {rate(metric + '_bucket', 'le', *by)})"


PANELS: tuple[Panel, ...] = (
    Panel(
        "Records settled",
        "Verdicts per second, by state. A growing share of `failed` deserves a look at the reasons.",
        "ops",
        ((rate(names.METRIC_RECORDS, "state"), "{{state}}"),),
    ),
    Panel(
        "Backlog",
        "Records not yet settled that work is waiting for; autoscaling looks at this.",
        "short",
        ((f"sum({names.METRIC_BACKLOG})", "records"),),
    ),
    Panel(
        "Answers of the fallback",
        "Records per second that a recipe answered instead of an LLM, by the reason's category.",
        "ops",
        ((rate(names.METRIC_AI_FALLBACKS, "category"), "{{category}}"),),
    ),
    Panel(
        "LLM calls",
        "Calls per second, by provider and result.",
        "ops",
        ((rate(names.METRIC_AI_CALLS, "provider", "result"), "{{provider}} {{result}}"),),
    ),
    Panel(
        "LLM latency",
        "Median and 95th percentile of a call.",
        "s",
        (
            (quantile(0.5, names.METRIC_AI_SECONDS, "provider", "model"), "p50 {{provider}} {{model}}"),
            (quantile(0.95, names.METRIC_AI_SECONDS, "provider", "model"), "p95 {{provider}} {{model}}"),
        ),
    ),
    Panel(
        "LLM concurrency limit",
        "Calls that the limiter allows at once. It falls when the provider pushes back.",
        "short",
        ((f"sum by (provider, model) ({names.METRIC_AI_LIMIT})", "{{provider}} {{model}}"),),
    ),
    Panel(
        "LLM tokens",
        "Tokens per second, by direction.",
        "short",
        ((rate(names.METRIC_AI_TOKENS, "model", "direction"), "{{model}} {{direction}}"),),
    ),
    Panel(
        "CRM calls",
        "Calls per second, by operation and status.",
        "ops",
        ((rate(names.METRIC_CRM_CALLS, "crm", "operation", "status"), "{{crm}} {{operation}} {{status}}"),),
    ),
    Panel(
        "CRM latency",
        "95th percentile of a call.",
        "s",
        ((quantile(0.95, names.METRIC_CRM_SECONDS, "crm", "operation"), "{{crm}} {{operation}}"),),
    ),
    Panel(
        "Gateway requests",
        "Requests per second, by route and status.",
        "reqps",
        ((rate(names.METRIC_HTTP_SECONDS + "_count", "route", "status"), "{{route}} {{status}}"),),
    ),
    Panel(
        "Gateway latency",
        "95th percentile of a request, by route.",
        "s",
        ((quantile(0.95, names.METRIC_HTTP_SECONDS, "route"), "{{route}}"),),
    ),
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    return {
        "uid": "recordsmith",
        "title": "Recordsmith",
        "tags": ["recordsmith"],
        "timezone": "browser",
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "schemaVersion": 41,
        "editable": True,
        "panels": [as_grafana(panel, place) for place, panel in enumerate(PANELS)],
    }


def as_grafana(panel: Panel, place: int) -> dict[str, Any]:
    """One panel at its place, left to right, then down."""
    in_row = COLUMNS // WIDTH
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.meaning,
        "datasource": DATASOURCE,
        "gridPos": {"x": place % in_row * WIDTH, "y": place // in_row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": expr, "legendFormat": legend, "datasource": DATASOURCE}
            for number, (expr, legend) in enumerate(panel.queries)
        ],
    }


def rendered() -> str:
    """The file's text."""
    return json.dumps(dashboard(), indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the file is out of date")
    if not parser.parse_args().check:
        OUTPUT.write_text(rendered(), encoding="utf-8")
        return 0
    if OUTPUT.exists() and OUTPUT.read_text(encoding="utf-8") == rendered():
        return 0
    print(f"{OUTPUT.name} is out of date: run `python deploy/grafana/dashboard.py`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
