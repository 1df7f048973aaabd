"""The description of the API (OpenAPI 3.1), with what FastAPI cannot know by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from gateway.api.gate import COOKIE, CSRF_HEADER
from gateway.api.problems import ProblemDetails

#: Operations that need no session.
OPEN = frozenset({("post", "/api/v1/session"), ("get", "/api/v1/health")})


def install(app: FastAPI) -> None:
    """Make `app.openapi()` tell of problem details, the session's cookie and the CSRF header."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = described()
            schemas = schema["components"]["schemas"]
            template = "#/components/schemas/{model}"
            problem = ProblemDetails.model_json_schema(ref_template=template)
            schemas.update(problem.pop("$defs"))
            schemas["ProblemDetails"] = problem
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schema["components"]["securitySchemes"] = {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
            }
            for path, operations in schema["paths"].items():
                for method, operation in operations.items():
                    if (method, path) not in OPEN:
                        needs: dict[str, list[str]] = {"session": []}
                        operation["security"] = [needs if method == "get" else {**needs, "csrf": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
