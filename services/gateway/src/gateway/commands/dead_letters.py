"""`recordsmith dead-letters …`"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.batch import Data, Key, Output, Url
from gateway.commands.client import FAILED_RECORDS, Client, place_of, told
from gateway.commands.output import say, show

app = typer.Typer(no_args_is_help=True, help="What no service could handle.")
LETTER = ("id", "topic", "service", "reason", "error", "buried_at")


@app.command("list", epilog="Example: recordsmith dead-letters list --topic results.v1")
@told
def list_dead_letters(
    topic: Annotated[str | None, typer.Option("--topic", help="Only those that came from this topic.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many.")] = 50,
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """List the newest dead letters with their reasons."""
    query: dict[str, str | int] = {"limit": limit} | ({"topic": topic} if topic else {})
    found = Client(place_of(url, api_key, data)).ask("GET", "/api/dead-letters", params=query)
    show(found["items"], LETTER, output)


@app.command("replay", epilog="Example: recordsmith dead-letters replay 3:1284 3:1285")
@told
def replay_dead_letters(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids from `dead-letters list`.")],
    url: Url = None,
    api_key: Key = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Publish dead letters again where they came from."""
    answer = Client(place_of(url, api_key, data)).ask("POST", "/api/dead-letters/replay", json={"ids": ids})
    show([{"id": id_, "replayed": id_ in answer["replayed"]} for id_ in ids], ("id", "replayed"), output)
    if answer["not_replayed"]:
        say(f"{len(answer['not_replayed'])} could not be replayed: truncated, or no longer there.")
        raise typer.Exit(FAILED_RECORDS)
