"""Problem details (RFC 9457): the one shape of every error that leaves the API.

A problem's `type` is a URN that a program may compare; `title` is for a person; `detail` says what to do next.
Nothing of the inside (traces, SQL, paths of files, what the caller sent) is ever in one.

    Problem                     raised anywhere below a route
    ├── unauthenticated()       401  no session, or it ended
    ├── forbidden()             403  known, but not allowed
    ├── not_found()             404  does not exist, or is not yours to see
    ├── conflict()              409  somebody was faster; carries the incident as it is now
    ├── not_satisfiable()       416  bytes that are not here (or not yet), or too many at once
    ├── refused()               409  the incident's state does not allow it; carries the incident
    ├── unsupported()           415  a file of a kind that is not taken
    ├── invalid(), missing()    422  names the fields
    └── too_many()              429  with Retry-After
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:tipstaff:problem:"
MAX_FIELD_ERRORS = 20


class FieldError(BaseModel):
    """One field of a request that was not understood."""

    where: str = Field(description="Path of the field, such as `body.reason` or `query.cursor`.")
    message: str = Field(description="What is wrong with it.")


class ProblemDetails(BaseModel):
    """Problem details, RFC 9457. Further members depend on the type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        description="URN of the kind of problem; compare this, not the text.",
        examples=["urn:tipstaff:problem:not-found"],
    )
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened here, and what to do next.")
    errors: list[FieldError] | None = Field(default=None, description="Only with type …:invalid (422).")
    incident: dict[str, Any] | None = Field(
        default=None, description="Only with …:conflict and …:refused (409): the incident as it is now."
    )
    current_version: int | None = Field(default=None, description="Only with 409: the incident's version.")


class Problem(HTTPException):
    """An error that the caller is told about. `extra` holds further members of the body."""

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.slug = slug
        self.title = title
        self.extra = extra or {}

    def response(self) -> JSONResponse:
        """The HTTP answer."""
        body = {
            "type": TYPE_PREFIX + self.slug,
            "title": self.title,
            "status": self.status_code,
            "detail": self.detail,
            **self.extra,
        }
        return JSONResponse(body, self.status_code, dict(self.headers or {}), MEDIA_TYPE)


def unauthenticated(detail: str = "Sign in first.", scheme: str = "Cookie") -> Problem:
    """401. The browser's own password box is not wanted where people are, so the scheme is a private one."""
    return Problem(
        401,
        "unauthenticated",
        "Not signed in",
        detail,
        headers={"WWW-Authenticate": f'{scheme} realm="tipstaff"'},
    )


def forbidden(detail: str, slug: str = "forbidden") -> Problem:
    """403: the person is known and may not do this."""
    return Problem(403, slug, "Not allowed", detail)


def not_found(what: str) -> Problem:
    """404, the same whether `what` does not exist or lies outside the caller's courts."""
    return Problem(404, "not-found", "Not found", f"There is no such {what} below your court.")


def conflict(detail: str, incident: dict[str, Any]) -> Problem:
    """409: the incident changed since the caller looked (compare-and-swap on its version)."""
    return Problem(409, "conflict", "Somebody was faster", detail, extra=_incident_members(incident))


def refused(detail: str, incident: dict[str, Any] | None = None, **extra: Any) -> Problem:
    """409: the incident's present state does not allow this."""
    members = _incident_members(incident) if incident is not None else {}
    return Problem(409, "refused", "Not possible now", detail, extra={**members, **extra})


def not_satisfiable(size_bytes: int, detail: str) -> Problem:
    """416: the Range is not within what is given of a file of this size."""
    return Problem(
        416,
        "range-not-satisfiable",
        "These bytes are not here",
        detail,
        headers={"Content-Range": f"bytes */{size_bytes}"},
    )


def too_many(retry_after_s: int) -> Problem:
    """429: wait `retry_after_s` seconds."""
    return Problem(
        429,
        "too-many-attempts",
        "Too many attempts",
        f"Too many sign-in attempts. Try again in {retry_after_s} s.",
        headers={"Retry-After": str(retry_after_s)},
    )


def too_large(limit_bytes: int) -> Problem:
    """413: the request's body is over the limit; the connection is closed after it."""
    return Problem(
        413,
        "too-large",
        "Request too large",
        f"A request body is at most {limit_bytes} bytes.",
        headers={"Connection": "close"},
    )


def unsupported(detail: str) -> Problem:
    """415: what was sent is not of a kind that is taken."""
    return Problem(415, "unsupported-media-type", "Kind of file not taken", detail)


def damaged() -> Problem:
    """500: what was stored is not there, or not as it was stored."""
    detail = "The stored file is missing or its bytes have changed. Tell the administrator; its hash is kept."
    return Problem(500, "damaged", "Stored file damaged", detail)


def too_slow() -> Problem:
    """408: the body did not arrive in time."""
    return Problem(
        408,
        "too-slow",
        "Request too slow",
        "The request's body did not arrive in time.",
        headers={"Connection": "close"},
    )


def unavailable(detail: str, retry_after_s: int = 1) -> Problem:
    """503: try again shortly."""
    return Problem(
        503, "unavailable", "Not available now", detail, headers={"Retry-After": str(retry_after_s)}
    )


def bad_gateway(detail: str) -> Problem:
    """502: a service that we asked for this failed."""
    return Problem(502, "bad-gateway", "Another service failed", detail)


def internal() -> Problem:
    """500: the cause is in the gateway's log, never in the answer."""
    return Problem(500, "internal", "Internal error", "The gateway failed; its log says why. Try again.")


def invalid(errors: Sequence[Any]) -> Problem:
    """422 from pydantic's list of errors. What the caller sent is not repeated."""
    fields = [
        {"where": ".".join(str(part)[:64] for part in error["loc"][:8]), "message": str(error["msg"])[:200]}
        for error in errors[:MAX_FIELD_ERRORS]
    ]
    return Problem(
        422,
        "invalid",
        "Request not understood",
        "Some fields are missing or wrong; see `errors`.",
        extra={"errors": fields},
    )


def missing(field: str, message: str) -> Problem:
    """422: this action needs the member `field` of the body."""
    return invalid([{"loc": ("body", field), "msg": message}])


def _incident_members(incident: dict[str, Any]) -> dict[str, Any]:
    return {"current_version": incident["version"], "incident": incident}


def _from_http_exception(error: HTTPException) -> Problem:
    """A framework's own error (404 of an unknown path, 405, 400 of a broken body) as a problem."""
    phrase = HTTPStatus(error.status_code).phrase
    details = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
        400: "The request's body could not be read as JSON.",
    }
    return Problem(
        error.status_code,
        phrase.lower().replace(" ", "-"),
        phrase,
        details.get(error.status_code, phrase + "."),
        headers=dict(error.headers or {}),
    )


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem. Unexpected exceptions are caught in `guard`."""

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        problem = error if isinstance(error, Problem) else _from_http_exception(error)
        return problem.response()

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return invalid(error.errors()).response()

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route, for OpenAPI: the given error statuses (and 500) as problem details."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in (*statuses, 422, 500)
    }
