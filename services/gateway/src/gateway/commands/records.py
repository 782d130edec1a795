"""`recordsmith records …`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands.batch import Data, Key, Output, Url
from gateway.commands.client import FAILED_RECORDS, USAGE, Client, Trouble, place_of, told
from gateway.commands.output import say, show

app = typer.Typer(no_args_is_help=True, help="Look at CRM records, make some to begin with, delete test records.")

Object = Annotated[str, typer.Argument(metavar="OBJECT", help="API name, for example Claim__c.")]
Crm = Annotated[str, typer.Option("--crm", help="salesforce or hubspot.")]
FIELD = ("name", "label", "type", "length", "required", "createable", "updateable", "filled")
CHANGE = ("index", "id", "state", "code", "reason")


@app.command("fields", epilog="Example: recordsmith records fields Claim__c")
@told
def list_fields(
    object_name: Object, crm: Crm = "salesforce", url: Url = None, api_key: Key = None, data: Data = None,
    output: Output = None,
) -> None:  # fmt: skip
    """List an object's fields, and how many of its first 200 records have a value in each."""
    answer = Client(place_of(url, api_key, data)).ask("GET", f"{_path(crm, object_name)}/fields")
    say(f"{object_name}: {len(answer['items'])} fields; `filled` of {answer['sampled']} records.")
    show(answer["items"], FIELD, output)


@app.command("list", epilog="Example: recordsmith records list Claim__c --fields Name,Clinical_Summary__c")
@told
def list_records(
    object_name: Object,
    fields: Annotated[str | None, typer.Option("--fields", help="Names with commas between them.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    crm: Crm = "salesforce",
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """List records, and which of their fields are empty."""
    client = Client(place_of(url, api_key, data))
    found = list(client.pages(f"{_path(crm, object_name)}/records", limit, fields=fields))
    rows = [{"id": one["id"], **one["values"], "empty": ", ".join(one["empty"])} for one in found]
    columns = tuple(rows[0]) if rows else ("id", "empty")
    show(rows, columns, output)


@app.command("create", epilog="Example: recordsmith records create Claim__c --count 20 --value Patient_Name__c=Test")
@told
def create_records(
    object_name: Object,
    count: Annotated[int | None, typer.Option("--count", min=1, help="So many records.")] = None,
    value: Annotated[list[str] | None, typer.Option("--value", help="FIELD=VALUE of each of them.")] = None,
    rows: Annotated[Path | None, typer.Option("--rows", help="Their values: JSON Lines.")] = None,
    crm: Crm = "salesforce",
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Make empty records, or records with base values, for a batch to fill."""
    if (rows is None) == (count is None):
        raise Trouble("Give --count or --rows.", "See `recordsmith records create --help`.", code=USAGE)
    body: dict[str, Any] = {"rows": _rows(rows)} if rows else {"count": count, "values": _values(value or [])}
    answer = Client(place_of(url, api_key, data)).ask("POST", f"{_path(crm, object_name)}/records", json=body)
    _tell(answer, "created", output)


@app.command("delete", epilog="Example: recordsmith records delete Claim__c a00xx0000000001AAA")
@told
def delete_records(
    object_name: Object,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of the records.")],
    confirm: Annotated[bool, typer.Option("--confirm", help="Also records that were not made here.")] = False,
    crm: Crm = "salesforce",
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Delete test records."""
    client = Client(place_of(url, api_key, data))
    body = {"ids": ids, "confirm": confirm}
    _tell(client.ask("DELETE", f"{_path(crm, object_name)}/records", json=body), "deleted", output)


def _path(crm: str, object_name: str) -> str:
    return f"/api/crm/{crm}/objects/{object_name}"


def _tell(answer: dict[str, Any], state: str, output: Any) -> None:
    show(answer["items"], CHANGE, output)
    say(f"{answer[state]} {state}, {answer['failed']} failed.")
    if answer["failed"]:
        raise typer.Exit(FAILED_RECORDS)


def _values(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if bad := next((name for name, equals, _ in pairs if not name or not equals), None):
        raise Trouble(f"--value {bad} is not FIELD=VALUE.", code=USAGE)
    return {name: value for name, _, value in pairs}


def _rows(file: Path) -> list[Any]:
    try:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Trouble(f"{file} cannot be read as JSON Lines.", code=USAGE) from error
