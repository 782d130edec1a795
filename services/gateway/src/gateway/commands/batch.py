"""`recordsmith batch …`"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from gateway.commands import describing
from gateway.commands.client import USAGE, Client, Json, Order, Trouble, place_of, told
from gateway.commands.output import Format, say, show, show_one
from gateway.commands.watching import exit_code, watch

app = typer.Typer(no_args_is_help=True, help="Submit, follow and steer batches.")

Url = Annotated[str | None, typer.Option("--url", envvar="RECORDSMITH_URL", help="Address of the gateway.")]
Key = Annotated[str | None, typer.Option("--api-key", envvar="RECORDSMITH_API_KEY", help="Key of its API.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of a local system [.recordsmith, then .demo].")]
Output = Annotated[Format | None, typer.Option("--output", "-o", help="Table on a terminal, else jsonl.")]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")]
Category = Annotated[str | None, typer.Option("--category", help="Only failures of this category.")]
Follow = Annotated[bool, typer.Option("--watch", help="Follow the batch to its end.")]

BATCH = ("id", "name", "state", "requested", "pending", "written", "generated", "failed", "skipped", "cancelled")
RECORD = ("index", "record_id", "state", "source", "provider", "model", "category", "code", "reason", "attempts")
PLAN = ("index", "record_id", "crm_id", "state", "code", "change", "reason")


class Form(StrEnum):
    """What `batch export` writes."""

    structured = "structured"
    result = "result"
    rows = "rows"


_PATHS = {Form.structured: "structured_response.csv", Form.result: "result.csv", Form.rows: "rows.csv"}


@app.command("submit", epilog="Example: recordsmith batch submit summaries.json --watch --yes")
@told
def submit_batch(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="JSON of the request; - for stdin.")] = None,
    rows: Annotated[Path | None, typer.Option("--rows", help="Rows to work on: a .csv or .jsonl file.")] = None,
    object_name: Annotated[str | None, typer.Option("--object", help="Salesforce object to read.")] = None,
    where: Annotated[str | None, typer.Option("--where", help="SOQL condition.")] = None,
    template: Annotated[str | None, typer.Option("--template", help="Prompt with {{Field}} slots, or @FILE.")] = None,
    target_field: Annotated[str | None, typer.Option("--target-field", help="Field that takes the answer.")] = None,
    external_id: Annotated[str | None, typer.Option("--external-id", help="Upsert by this field.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many records.")] = None,
    changed_since: Annotated[
        str | None, typer.Option("--changed-since", help="A moment with its zone, or `last`.")
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted records, too: they end as skipped.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="Name of the batch.")] = None,
    key: Annotated[str | None, typer.Option("--idempotency-key", help="The same key is the same batch.")] = None,
    follow: Follow = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a batch that writes.")] = False,
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Submit a batch from a file or from flags."""
    if file is not None:
        spec = describing.from_file(file)
    elif object_name and template:
        spec = describing.from_flags(
            object_name=object_name, template=template, name=name, where=where, limit=limit,
            target_field=target_field, external_id=external_id, changed_since=changed_since, deleted=deleted,
        )  # fmt: skip
    else:
        raise Trouble("Give a FILE, or --object and --template.", "See `recordsmith batch submit --help`.", code=USAGE)
    client = Client(place_of(url, api_key, data))
    _confirm(spec, yes)
    # A key of our own: should the answer get lost, asking again does not make a second batch.
    accepted = client.submit(spec, rows, key or uuid4().hex)
    say(f"Accepted as {accepted['id']}.")
    _show(client, accepted["id"], output, follow)


@app.command("watch", epilog="Example: recordsmith batch watch 3f0c…")
@told
def watch_batch(
    batch_id: BatchId, url: Url = None, api_key: Key = None, data: Data = None, output: Output = None
) -> None:
    """Follow a batch to its end; Ctrl-C detaches."""
    _show(Client(place_of(url, api_key, data)), batch_id, output, True)


@app.command("show", epilog="Example: recordsmith batch show 3f0c… --output json")
@told
def show_batch(
    batch_id: BatchId, url: Url = None, api_key: Key = None, data: Data = None, output: Output = None
) -> None:
    """Show one batch."""
    _show(Client(place_of(url, api_key, data)), batch_id, output, False)


@app.command("list", epilog="Example: recordsmith batch list --state running")
@told
def list_batches(
    state: Annotated[str | None, typer.Option("--state", help="Only batches in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """List batches, the newest first."""
    client = Client(place_of(url, api_key, data))
    show(client.pages("/api/batches", limit, state=state), (*BATCH[:4], "failed", "created_at"), output)


@app.command("records", epilog="Example: recordsmith batch records 3f0c… --state failed")
@told
def list_records(
    batch_id: BatchId,
    state: Annotated[str | None, typer.Option("--state", help="Only records in this state.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many [all].")] = None,
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """List the records of a batch."""
    client = Client(place_of(url, api_key, data))
    show(client.pages(f"/api/batches/{batch_id}/records", limit, state=state), RECORD, output)


@app.command("pause", epilog="Example: recordsmith batch pause 3f0c…")
@told
def pause_batch(
    batch_id: BatchId, url: Url = None, api_key: Key = None, data: Data = None, output: Output = None
) -> None:
    """Start no new calls; those in flight end."""
    _order(Client(place_of(url, api_key, data)), batch_id, "pause", output)


@app.command("resume", epilog="Example: recordsmith batch resume 3f0c…")
@told
def resume_batch(
    batch_id: BatchId, url: Url = None, api_key: Key = None, data: Data = None, output: Output = None
) -> None:
    """Go on with a paused batch."""
    _order(Client(place_of(url, api_key, data)), batch_id, "resume", output)


@app.command("cancel", epilog="Example: recordsmith batch cancel 3f0c…")
@told
def cancel_batch(
    batch_id: BatchId, url: Url = None, api_key: Key = None, data: Data = None, output: Output = None
) -> None:
    """Stop a batch for good."""
    _order(Client(place_of(url, api_key, data)), batch_id, "cancel", output)


@app.command("retry", epilog="Example: recordsmith batch retry 3f0c… --category rate_limit --watch")
@told
def retry_batch(
    batch_id: BatchId,
    category: Category = None,
    follow: Follow = False,
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Run failed records again."""
    client = Client(place_of(url, api_key, data))
    client.ask("POST", f"/api/batches/{batch_id}/retry", json={"category": category})
    _show(client, batch_id, output, follow)


@app.command("plan", epilog="Example: recordsmith batch plan 3f0c… --output json")
@told
def show_plan(
    batch_id: BatchId,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many [all].")] = None,
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Show what a batch submitted with mode plan would change."""
    show(Client(place_of(url, api_key, data)).pages(f"/api/batches/{batch_id}/plan", limit), PLAN, output)


@app.command("apply", epilog="Example: recordsmith batch apply 3f0c… --watch")
@told
def apply_plan(
    batch_id: BatchId, follow: Follow = False, url: Url = None, api_key: Key = None, data: Data = None,
    output: Output = None,
) -> None:  # fmt: skip
    """Write exactly what the plan says; records that were edited since are refused."""
    _approve(Client(place_of(url, api_key, data)), batch_id, "apply", output, follow)


@app.command("undo", epilog="Example: recordsmith batch undo 3f0c… --watch")
@told
def undo_plan(
    batch_id: BatchId, follow: Follow = False, url: Url = None, api_key: Key = None, data: Data = None,
    output: Output = None,
) -> None:  # fmt: skip
    """Give the records of an applied plan their earlier values back; created ones are deleted."""
    _approve(Client(place_of(url, api_key, data)), batch_id, "undo", output, follow)


@app.command("export", epilog="Example: recordsmith batch export 3f0c… > structured_response.csv")
@told
def export_batch(
    batch_id: BatchId,
    form: Annotated[Form, typer.Option("--form", help="A row per value, per record, or a recipe's rows.")] = (
        Form.structured
    ),
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
) -> None:
    """Write the results to stdout as CSV."""
    client = Client(place_of(url, api_key, data))
    for piece in client.download(f"/api/batches/{batch_id}/{_PATHS[form]}"):
        sys.stdout.buffer.write(piece)
    sys.stdout.flush()


def _order(client: Client, batch_id: str, order: Order, output: Format | None) -> None:
    show_one(client.ask("POST", f"/api/batches/{batch_id}/{order}"), BATCH, output)


def _approve(client: Client, batch_id: str, order: str, output: Format | None, follow: bool) -> None:
    client.ask("POST", f"/api/batches/{batch_id}/{order}")
    _show(client, batch_id, output, follow)


def _show(client: Client, batch_id: str, output: Format | None, follow: bool) -> None:
    batch: Json = watch(client, batch_id) if follow else client.ask("GET", f"/api/batches/{batch_id}")
    show_one(batch, BATCH, output)
    if follow and (code := exit_code(batch)):
        raise typer.Exit(code)


def _confirm(spec: dict[str, Any], yes: bool) -> None:
    question = describing.question(spec)
    if yes or question is None or not sys.stdin.isatty() or os.environ.get("CI"):
        return
    if not typer.confirm(question, err=True):
        raise Trouble("Nothing was submitted.", code=USAGE)
