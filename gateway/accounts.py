"""People: passwords (Argon2id), logins and web sessions. Used by the API and by `tipstaff users`."""

import asyncio
import base64
import hashlib
import secrets
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import AccountError
from gateway.model import Role, User, WebSession
from gateway.provision.naming import name_problem
from gateway.store import Store
from gateway.store.tables import users, web_sessions

LEAST_PASSWORD = 10
MOST_PASSWORD = 256
_hasher = PasswordHasher()


def _random_text(count: int) -> str:
    """So many random bytes as Argon2 writes them."""
    return base64.b64encode(secrets.token_bytes(count)).decode().rstrip("=")


# Checked when there is no such login, so that the answer takes as long. Nobody knows a password of this hash: it was
# drawn, not computed, which would take every start of the command line and the gateway 0.2 s.
_nobody = (
    f"$argon2id$v={ARGON2_VERSION}$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${_random_text(_hasher.salt_len)}${_random_text(_hasher.hash_len)}"
)


async def add_user(
    store: Store, login: str, name: str, role: Role, court_id: str | None, password: str, now_ms: int
) -> User:
    """Make a user. Raises AccountError if the login is taken or not usable, the name empty or not one, or the
    password too short."""
    if not 1 <= len(login) <= 64 or not login.isprintable() or login != login.strip():
        raise AccountError("a login has 1 to 64 printable characters and no space at its ends")
    if problem := name_problem(name):
        raise AccountError(f"the person's name {problem}")
    if role is Role.COURT and court_id is None:
        raise AccountError("a court's duty officer needs a court")
    hashed = await _hash(password)

    async def job(connection: AsyncConnection) -> None:
        values = {"login": login, "name": name, "role": str(role), "court_id": court_id}
        try:
            await connection.execute(
                insert(users).values(**values, password_hash=hashed, disabled=False, created_ms=now_ms)
            )
        except IntegrityError:
            raise AccountError(f"there is a user {login!r} already") from None

    await store.write(job)
    return User(login, name, role, court_id)


async def set_password(store: Store, login: str, password: str) -> None:
    """Change a password and end the user's web sessions. Raises AccountError if there is no such user."""
    hashed = await _hash(password)

    async def job(connection: AsyncConnection) -> None:
        done = await connection.execute(
            update(users).where(users.c.login == login).values(password_hash=hashed)
        )
        if not done.rowcount:
            raise AccountError(f"there is no user {login!r}")
        await connection.execute(delete(web_sessions).where(web_sessions.c.login == login))

    await store.write(job)


async def list_users(store: Store) -> list[User]:
    """All users, by login."""
    async with store.read() as connection:
        return [_user(row) for row in await connection.execute(select(users).order_by(users.c.login))]


async def find_user(store: Store, login: str) -> User | None:
    """The user of this login, disabled or not; None if there is none."""
    async with store.read() as connection:
        row = (await connection.execute(select(users).where(users.c.login == login))).first()
    return _user(row) if row is not None else None


async def verify(store: Store, login: str, password: str) -> User | None:
    """The user of this login and password, or None. Takes as long when there is no such login."""
    async with store.read() as connection:
        row = (await connection.execute(select(users).where(users.c.login == login))).first()
    hashed = row.password_hash if row is not None else _nobody
    good = len(password) <= MOST_PASSWORD and await asyncio.to_thread(_verified, hashed, password)
    return _user(row) if good and row is not None and not row.disabled else None


async def password_mark(store: Store, login: str) -> tuple[User, bytes] | None:
    """The user and what tells one password of theirs from the next; None if there is none, or they are disabled."""

    async def job(connection: AsyncConnection) -> Row[Any] | None:
        return (await connection.execute(select(users).where(users.c.login == login))).first()

    row = await store.look(job)
    return None if row is None or row.disabled else (_user(row), _digest(row.password_hash))


async def open_session(store: Store, user: User, now_ms: int, life_ms: int) -> tuple[str, WebSession]:
    """Log `user` in: (token for the cookie, session). Removes sessions that have ended."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    session = WebSession(user, csrf, now_ms, now_ms + life_ms)

    async def job(connection: AsyncConnection) -> None:
        await connection.execute(delete(web_sessions).where(web_sessions.c.expires_ms <= now_ms))
        await connection.execute(
            insert(web_sessions).values(
                token_sha256=_digest(token),
                login=user.login,
                csrf=csrf,
                created_ms=session.created_ms,
                expires_ms=session.expires_ms,
            )
        )

    await store.write(job)
    return token, session


async def find_session(store: Store, token: str, now_ms: int) -> WebSession | None:
    """The session of a cookie's token, or None if it is unknown, has ended, or its user is disabled."""
    query = (
        select(
            users, web_sessions.c.csrf, web_sessions.c.created_ms.label("began_ms"), web_sessions.c.expires_ms
        )
        .join(web_sessions, web_sessions.c.login == users.c.login)
        .where(web_sessions.c.token_sha256 == _digest(token), web_sessions.c.expires_ms > now_ms)
    )

    async def job(connection: AsyncConnection) -> Row[Any] | None:
        return (await connection.execute(query)).first()

    row = await store.look(job)
    if row is None or row.disabled:
        return None
    return WebSession(_user(row), row.csrf, row.began_ms, row.expires_ms)


async def close_session(store: Store, token: str) -> None:
    """Log out. An unknown token does no harm."""

    async def job(connection: AsyncConnection) -> None:
        await connection.execute(delete(web_sessions).where(web_sessions.c.token_sha256 == _digest(token)))

    await store.write(job)


async def _hash(password: str) -> str:
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise AccountError(f"a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters")
    return await asyncio.to_thread(_hasher.hash, password)


def _verified(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(row.login, row.name, Role(row.role), row.court_id, row.disabled)
