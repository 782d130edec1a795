"""A record's trace id is known before the trace begins, and nothing of a record reaches a span."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

from opentelemetry import trace
from shared.telemetry import is_sampled, span_context, traceparent_context

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def in_a_process(program: str, **environment: str) -> dict[str, object]:
    """The provider is one per process, so each case gets a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, check=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("OTEL_")} | environment,
    )  # fmt: skip
    answer: dict[str, object] = json.loads(run.stdout)
    return answer


def test_a_header_that_makes_no_sense_is_no_parent() -> None:
    for bad in (None, "", "x", "00-zz-zz-zz", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "00-1-2-3"):
        assert span_context(bad) is None
        assert traceparent_context(bad) is None


def test_a_header_says_whether_it_is_sampled() -> None:
    assert is_sampled(PARENT)
    for unsampled in (None, "", "x", "00-zz-zz-zz", PARENT[:-1] + "0"):
        assert not is_sampled(unsampled)


def test_a_span_continues_the_given_parent() -> None:
    context = traceparent_context(PARENT)
    assert context is not None
    assert trace.get_current_span(context).get_span_context().trace_id == int(PARENT.split("-")[1], 16)


def test_a_record_trace_has_the_id_of_its_event() -> None:
    said = in_a_process(
        """
        import json
        from shared.telemetry import start_traces, open_record_trace, current_trace_id, record_span
        start_traces("test")
        with record_span("expand record", "ab" * 16):
            inside = current_trace_id()
        print(json.dumps({"inside": inside, "unsampled": open_record_trace("expand record", "cd" * 16)}))
        """
    )
    assert said["inside"] == "ab" * 16
    assert str(said["unsampled"]).startswith("00-" + "cd" * 16)
    assert str(said["unsampled"]).endswith("-00")


def test_about_one_record_in_a_hundred_is_kept_unless_the_environment_says_otherwise() -> None:
    program = """
        import hashlib, json, os
        from shared.telemetry import start_traces, open_record_trace, is_sampled, stop_traces
        start_traces("test")
        ids = [hashlib.md5(str(i).encode()).hexdigest() for i in range(5000)]
        print(json.dumps({"kept": sum(is_sampled(open_record_trace("r", i)) for i in ids)}), flush=True)
        os._exit(0)  # nobody listens at the endpoint: do not wait for the export
        """
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    kept = in_a_process(program, **endpoint)["kept"]
    assert isinstance(kept, int)
    assert 20 <= kept <= 90
    every = in_a_process(program, **endpoint, OTEL_TRACES_SAMPLER="always_on")["kept"]
    assert every == 5000
