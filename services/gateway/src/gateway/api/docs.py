"""The API's description and a page to read it, from vendored files: nothing is loaded from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import swagger_ui_bundle  # type: ignore[import-untyped]  # the package has no types
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from pydantic.json_schema import models_json_schema
from shared.events import BatchSpec
from starlette.staticfiles import StaticFiles

from gateway.api.requests import (
    CreateRecordsRequest,
    DeleteRecordsRequest,
    GenerateRequest,
    ReplayRequest,
    RetryRequest,
)

ASSETS = Path(swagger_ui_bundle.swagger_ui_path)
router = APIRouter(include_in_schema=False)
_BODIES = (BatchSpec, GenerateRequest, RetryRequest, ReplayRequest, CreateRecordsRequest, DeleteRecordsRequest)
_REF = "#/components/schemas/{model}"


def json_body_of(model: str, *, required: bool = True) -> dict[str, Any]:
    """OpenAPI's words for a route that reads its JSON itself."""
    schema = {"$ref": _REF.format(model=model)}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def with_file(body: dict[str, Any]) -> dict[str, Any]:
    """The same body, or a form that brings the rows as a file."""
    file = {"type": "string", "format": "binary", "description": "rows as .csv (UTF-8, with a header) or .jsonl"}
    batch = {"type": "string", "contentMediaType": "application/json", "description": "the request without `source`"}
    form = {"type": "object", "required": ["batch", "rows"], "properties": {"batch": batch, "rows": file}}
    body["requestBody"]["content"]["multipart/form-data"] = {"schema": form}
    return body


@router.get("/api/docs")
async def docs_page() -> HTMLResponse:
    """The API, to read and to try."""
    return get_swagger_ui_html(
        openapi_url="/api/docs/openapi.json",
        title="Recordsmith API",
        swagger_js_url="/api/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/api/docs/assets/swagger-ui.css",
        swagger_favicon_url="/api/docs/assets/favicon-32x32.png",
    )


@router.get("/api/docs/openapi.json")
async def openapi_for_the_page(request: Request) -> dict[str, Any]:
    """The same description under the version number that the bundled page (Swagger UI 4) agrees to show."""
    return {**request.app.openapi(), "openapi": "3.0.3"}


def install(app: FastAPI) -> None:
    """Serve the page, its files, and a description that names the bodies and the key."""
    app.include_router(router)
    app.mount("/api/docs/assets", StaticFiles(directory=ASSETS), name="docs-assets")

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _describe(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, models = models_json_schema([(model, "validation") for model in _BODIES], ref_template=_REF)
    components = described.setdefault("components", {})
    components.setdefault("schemas", {}).update(models.get("$defs", {}))
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"key": []}]
    return described
