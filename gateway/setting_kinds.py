"""What settings are made of: the base of a section, and checks of single values. A value that may be secret is never
repeated in what is said of it."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict

_DNS_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*"
)


def host_name(name: str) -> str:
    """As certificates can carry it."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if not _DNS_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is neither a DNS name in ASCII nor an IP address") from None
    return name


def origin(url: str | None) -> str | None:
    """Scheme, host and port, nothing more."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        good = good and parts.path in ("", "/") and parts.username is None and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        good = False
    if not good:
        raise ValueError(f"{url!r} is not an origin, as https://tipstaff.example")
    return url


def database(url: str) -> str:
    """Never says the URL: a password can be in it."""
    if url:
        from sqlalchemy.engine import make_url  # only where one is set: commands start sooner without
        from sqlalchemy.exc import ArgumentError

        try:
            driver = make_url(url).drivername
        except (ArgumentError, ValueError):
            raise ValueError(
                "is no SQLAlchemy URL, as postgresql+asyncpg://user:password@host/name"
            ) from None
        if driver not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
            raise ValueError(f"begins with {driver}; use sqlite+aiosqlite or postgresql+asyncpg")
    return url


def tile_template(url: str) -> str:
    """Never says the URL: a key can be in it."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and "{key}" not in parts.netloc
    except ValueError:
        good = False
    missing = [name for name in ("{layer}", "{z}", "{x}", "{y}", "{key}") if name not in url]
    if not good or missing:
        raise ValueError("is no http or https address with {layer}, {z}, {x}, {y} and {key} in it")
    return url


def service_key(key: str) -> str:
    """Never says the key."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,128}", key):
        raise ValueError("is no key: at most 128 of the characters A-Z a-z 0-9 - _")
    return key


def number(value: object) -> object:
    """From the environment everything is text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


HostName = Annotated[str, AfterValidator(host_name)]


class Section(BaseModel):
    """A section of the settings: it does not change, and an unknown key is fatal."""

    model_config = ConfigDict(frozen=True, extra="forbid")
