"""Finds the gateway and its key, asks, and turns every trouble into a sentence and an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import httpx
import typer

P = ParamSpec("P")
R = TypeVar("R")

FAILED_RECORDS, USAGE, UNREACHABLE, CANCELLED, BUG, INTERRUPTED = 1, 2, 3, 4, 70, 130
FOLDERS = (Path(".recordsmith"), Path(".demo"))
Json = dict[str, Any]
Order = Literal["pause", "resume", "cancel", "retry"]


class Trouble(Exception):  # not always an error of the program
    """What happened, what to do, where to look; and the exit code."""

    def __init__(self, what: str, *more: str | None, code: int) -> None:
        super().__init__(what)
        self.lines = [what, *(line for line in more if line)]
        self.code = code


@dataclass(frozen=True)
class Place:
    """Where the gateway is."""

    url: str
    api_key: str


def place_of(url: str | None, api_key: str | None, data: Path | None) -> Place:
    """From flags or environment, else from the `run.json` of a system on this machine. Raises `Trouble`."""
    url, api_key = url or os.environ.get("RECORDSMITH_URL"), api_key or os.environ.get("RECORDSMITH_API_KEY")
    if url and api_key:
        return Place(url.rstrip("/"), api_key)
    for folder in (data,) if data else FOLDERS:
        try:
            run = json.loads((folder / "run.json").read_text())
            return Place(str(url or run["gateway"]).rstrip("/"), str(api_key or run["api_key"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    raise Trouble(
        "No running system is known here.",
        "Start one with `recordsmith run --data .recordsmith`, or give --url and --api-key.",
        code=UNREACHABLE,
    )


class Client:
    """The gateway's API, as far as the commands use it."""

    def __init__(self, place: Place) -> None:
        self._url = place.url
        # A proxy of the environment is for addresses outside, never for this machine.
        local = httpx.URL(place.url).host in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(
            base_url=place.url,
            headers={"authorization": f"Bearer {place.api_key}"},
            timeout=httpx.Timeout(60.0, connect=5.0),
            trust_env=not local,
        )

    def ask(self, method: str, path: str, **request: Any) -> Json:
        """One exchange. Raises `Trouble` for anything but a success."""
        with self._reachable():
            response = self._http.request(method, path, **request)
        _check(response)
        answer: Json = response.json()
        return answer

    def submit(self, spec: Json, rows: Path | None, key: str) -> Json:
        """Submit a batch, with its rows as a file if there is one."""
        headers = {"idempotency-key": key}
        if rows is None:
            return self.ask("POST", "/api/batches", json=spec, headers=headers)
        try:
            with rows.open("rb") as file:
                form = {"batch": json.dumps(spec)}
                return self.ask("POST", "/api/batches", data=form, files={"rows": (rows.name, file)}, headers=headers)
        except OSError as error:
            raise Trouble(f"{rows} cannot be read: {error.strerror}.", code=USAGE) from error

    def pages(self, path: str, limit: int | None, **query: str | int | None) -> Iterator[Json]:
        """The items of a paged list, up to a limit."""
        wanted = {name: value for name, value in query.items() if value is not None}
        left = limit
        while left is None or left > 0:
            page = self.ask("GET", path, params=wanted | {"limit": min(left or 200, 200)})
            items = page["items"] if left is None else page["items"][:left]
            yield from items
            left = None if left is None else left - len(items)
            if page.get("next_cursor") is None:
                return
            wanted["cursor"] = page["next_cursor"]

    def download(self, path: str) -> Iterator[bytes]:
        """A file, piece by piece."""
        with self._reachable(), self._http.stream("GET", path) as response:
            if response.is_error:
                response.read()
            _check(response)
            yield from response.iter_bytes()

    def progress(self, batch_id: str) -> Iterator[Json]:
        """The batch whenever it changes, until it ends; goes on where it was when the connection breaks."""
        last: Json | None = None
        mark, broken = "", 0
        while last is None or last["state"] not in ("completed", "cancelled", "failed"):
            headers = {"last-event-id": mark} if mark else {}
            try:
                with self._http.stream("GET", f"/api/batches/{batch_id}/events", headers=headers) as response:
                    if response.is_error:
                        response.read()
                    _check(response)
                    for line in response.iter_lines():
                        broken = 0
                        if line.startswith("id: "):
                            mark = line[4:]
                        elif line.startswith("data: "):
                            last = json.loads(line[6:])
                            yield last
            except httpx.TransportError as error:
                broken += 1
                if last is None or broken > 5:
                    raise self._unreachable() from error

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise self._unreachable() from error

    def _unreachable(self) -> Trouble:
        what = f"The gateway at {self._url} does not answer."
        return Trouble(what, "Is `recordsmith run` running?", code=UNREACHABLE)


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Ends a command with the exit code and the lines of its trouble, on stderr."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Trouble as trouble:
            for line in trouble.lines:
                typer.echo(line, err=True)
            raise typer.Exit(trouble.code) from None
        except BrokenPipeError:
            # The reader has seen enough (`| head`); Python must not complain about it while it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    return run


def _check(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    trace = f"trace {problem['trace_id']}" if problem.get("trace_id") else None
    if response.status_code == 401:
        what = "The API key is not right."
        raise Trouble(what, "Give --api-key or set RECORDSMITH_API_KEY.", trace, code=UNREACHABLE)
    mistakes = [
        f"  {mistake['pointer'] or '/'}: {mistake['detail']}" + (f" ({mistake['hint']})" if mistake.get("hint") else "")
        for mistake in problem.get("errors", ())
    ]
    code = UNREACHABLE if response.status_code in (502, 503, 504) else BUG if response.status_code >= 500 else USAGE
    raise Trouble(problem.get("detail") or f"The gateway answered {response.status_code}.", *mistakes, trace, code=code)
