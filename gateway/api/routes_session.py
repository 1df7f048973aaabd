"""Signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.api import views
from gateway.api.ask import Here, Who
from gateway.api.gate import COOKIE, address_of
from gateway.api.problems import responses
from gateway.api.requests import SignIn
from gateway.api.schemas import Session

router = APIRouter(prefix="/api/v1", tags=["session"])


@router.post("/session", response_model=Session, responses=responses(401, 403, 413, 422, 429, 503))
async def sign_in(body: SignIn, request: Request, response: Response, here: Here) -> views.Json:
    """Sign in. The cookie that comes back is the session; `csrf` goes into X-CSRF-Token of every change."""
    here.gate.check_origin(request)
    token, session = await here.gate.sign_in(body.login, body.password, address_of(request))
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=here.gate.secure(request),
        path="/",
        max_age=(session.expires_ms - session.created_ms) // 1000,
    )
    return views.session(session)


@router.get("/session", response_model=Session, responses=responses(401))
async def current_session(who: Who) -> views.Json:
    """Who is signed in."""
    return views.session(who.session)


@router.delete("/session", status_code=204, response_class=Response, responses=responses(401, 403))
async def sign_out(who: Who, response: Response, here: Here) -> None:
    """Sign out; open live connections of this session are closed."""
    await here.gate.sign_out(who)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
