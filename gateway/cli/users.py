"""`tipstaff users`: who may sign in to the console."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.cli.options import AsJson, Config, settings_of
from gateway.errors import AccountError
from gateway.model import Role

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.store import Store

T = TypeVar("T")
Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="At least 10 characters.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="The people who may sign in to the console.")
    group.command("add")(add)
    group.command("list")(list_all)
    group.command("passwd")(passwd)
    app.add_typer(group, name="users")


def add(
    login: Annotated[str, typer.Argument(help="The name to sign in with.")],
    name: Annotated[str, typer.Option(help="The person's name: officers are told it.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    password: Password,
    court: Annotated[
        str | None, typer.Option(help="Sees this court and those below it; without: all.")
    ] = None,
    config: Config = None,
) -> None:
    """Make a user.

    Example: tipstaff users add chen --name "Chen Min" --role dispatcher --court 3501
    """
    from gateway import accounts
    from gateway.store import units

    async def job(store: Store) -> None:
        if court is not None:
            async with store.read() as connection:
                known = {one.court_id for one in await units.all_courts(connection)}
            if known and court not in known:
                raise AccountError(
                    f"there is no court {court!r}: `tipstaff courts list` shows those that are known"
                )
        await accounts.add_user(store, login, name, role, court, password, time.time_ns() // 1_000_000)

    _with_store(settings_of(config), job)
    typer.echo(f"{login} may sign in as {role}")


def list_all(config: Config = None, as_json: AsJson = False) -> None:
    """List the users."""
    from gateway import accounts

    found = _with_store(settings_of(config), accounts.list_users)
    if as_json:
        plain = [
            {"login": user.login, "name": user.name, "role": user.role, "court_id": user.court_id}
            for user in found
        ]
        typer.echo(json.dumps({"users": plain}, ensure_ascii=False))
        return
    for user in found:
        typer.echo(f"{user.login:20} {user.role:12} {user.court_id or 'all courts':16} {user.name}")
    if not found:
        typer.echo("nobody yet: `tipstaff users add LOGIN --name NAME --role admin` makes the first")


def passwd(
    login: Annotated[str, typer.Argument(help="Whose password.")], password: Password, config: Config = None
) -> None:
    """Change a password; that person's open sessions end."""
    from gateway import accounts

    _with_store(settings_of(config), lambda store: accounts.set_password(store, login, password))
    typer.echo(f"{login} has a new password")


def _with_store(settings: Settings, job: Callable[[Store], Awaitable[T]]) -> T:
    from gateway.store import Store

    async def run() -> T:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        async with Store(settings.store_url) as store:
            return await job(store)

    return asyncio.run(run())
