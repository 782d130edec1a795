"""The HTTP side: one question, and a search in the policies."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from prior_auth.criteria import UnknownRule
from prior_auth.orchestrator import NotFound, NotReady, Orchestrator
from prior_auth.policy_index import Passage, PolicyIndex


class Asked(BaseModel):
    """A patient and a drug."""

    model_config = ConfigDict(extra="forbid")

    patient_id: str = Field(min_length=1, max_length=20, examples=["P001"])
    drug: str = Field(min_length=1, max_length=60, examples=["Ozempic"])
    requested_on: date | None = Field(None, description="day of the request; default: the day the data counts from")


def application(orchestrator: Orchestrator, index: PolicyIndex) -> FastAPI:
    """The application on what is imported and indexed."""
    app = FastAPI(title="Prior authorization", version="1", docs_url=None, redoc_url=None)
    app.add_exception_handler(NotFound, _problem(404, "Not found"))
    app.add_exception_handler(NotReady, _problem(503, "Not ready"))
    app.add_exception_handler(UnknownRule, _problem(500, "A criterion cannot be judged"))
    app.add_exception_handler(RequestValidationError, _invalid)

    @app.post("/api/orchestrator/process")
    def process(asked: Asked) -> dict[str, Any]:
        """Coverage, criteria with evidence, step therapy, the filled form, the policy passages (S4-36)."""
        return orchestrator.process(asked.patient_id, asked.drug, asked.requested_on)

    @app.get("/api/policies/search")
    def search(q: str = Query(min_length=2, max_length=500), limit: int = Query(5, ge=1, le=50)) -> list[Passage]:
        """Passages of all policies that are nearest to a question (S4-25)."""
        return index.find(q, limit)

    @app.get("/health")
    def health() -> dict[str, str]:
        """That it answers."""
        return {"status": "ok"}

    return app


def _problem(status: int, title: str) -> Any:
    async def answer(request: Request, error: Exception) -> JSONResponse:
        return _response(request, status, title, detail=str(error))

    return answer


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"pointer": "/" + "/".join(map(str, one["loc"][1:])), "detail": one["msg"]} for one in found]
    return _response(request, 422, "The request is not valid", detail="See errors.", errors=errors)


def _response(request: Request, status: int, title: str, **more: Any) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "instance": request.url.path, **more}
    return JSONResponse(body, status, media_type="application/problem+json")
