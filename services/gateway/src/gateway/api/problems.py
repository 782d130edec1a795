"""Errors as RFC 9457 problem details: what happened, what to do, and the trace to look at. Never an internal text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from shared.telemetry import current_trace_id
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with a request: where (JSON pointer), what, and what would be right."""

    pointer: str
    detail: str
    hint: str | None = None


class Problem(Exception):  # RFC 9457's word
    """An answer that is not a success."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        slug: str | None = None,
        mistakes: Sequence[Mistake] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.slug = slug
        self.mistakes = tuple(mistakes)
        self.headers = dict(headers or {})


def unprocessable(mistakes: Sequence[Mistake]) -> Problem:
    """422 with everything that is wrong at once."""
    count = "1 thing" if len(mistakes) == 1 else f"{len(mistakes)} things"
    return Problem(422, f"{count} in the request must be changed; see `errors`.", slug="validation", mistakes=mistakes)


def no_such_batch() -> Problem:
    """404 for a batch that nobody submitted."""
    return Problem(404, "There is no batch with this id.", slug="no-such-batch")


def response_of(problem: Problem, instance: str) -> JSONResponse:
    """The problem as a response. `trace_id` is always there, so that a report can always name one."""
    body: dict[str, Any] = {
        "type": f"urn:recordsmith:problem:{problem.slug}" if problem.slug else "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        "trace_id": current_trace_id() or uuid4().hex,
    }
    if problem.mistakes:
        body["errors"] = [asdict(mistake) for mistake in problem.mistakes]
    return JSONResponse(body, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""

    async def problem(request: Request, error: Exception) -> JSONResponse:
        return response_of(_problem_of(error), request.url.path)

    for kind in (Problem, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, problem)


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return unprocessable([_of_parameter(found) for found in error.errors()])
    if isinstance(error, HTTPException):
        details = {404: "There is nothing at this address.", 405: "This address does not take this method."}
        detail = details.get(error.status_code, HTTPStatus(error.status_code).description or "The request failed.")
        return Problem(error.status_code, detail, headers=error.headers)
    raise error


def _of_parameter(found: Mapping[str, Any]) -> Mistake:
    place, *path = (str(step) for step in found["loc"])
    return Mistake("/" + "/".join(path), f"{found['msg']} ({place} parameter)" if place != "body" else found["msg"])
