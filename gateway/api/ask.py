"""What routes have in common: their parameters, and the parts of the gateway that answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Path, Query
from starlette.requests import HTTPConnection

from gateway.api.gate import Gate, Visitor
from gateway.api.hub import Hub
from gateway.api.looks import Looks
from gateway.api.rtsp_gate import RtspGate
from gateway.basemap import Basemap
from gateway.clock import Clock
from gateway.dispatch.centre import Centre
from gateway.evidence.exporting import Exports
from gateway.evidence.reading import Archive
from gateway.evidence.stills import Stills
from gateway.metrics import Metrics
from gateway.relay import Relay
from gateway.relay.talk import Talks
from gateway.settings import Settings
from gateway.store import Store
from gateway.store.files import AttachmentFiles


class Gateway(Protocol):
    """What the API needs of a running gateway."""

    @property
    def settings(self) -> Settings:
        """What it was started with."""
        ...

    @property
    def clock(self) -> Clock:
        """Its clock."""
        ...

    @property
    def store(self) -> Store:
        """Its database."""
        ...

    @property
    def centre(self) -> Centre:
        """Who owns units and incidents."""
        ...

    @property
    def archive(self) -> Archive:
        """Reads the recordings that it keeps."""
        ...

    @property
    def stills(self) -> Stills:
        """Makes pictures of them."""
        ...

    @property
    def relay(self) -> Relay:
        """What units send live."""
        ...

    @property
    def talks(self) -> Talks:
        """Who speaks to which officer."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Its counters."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that routes use, kept at `app.state.parts`."""

    gateway: Gateway
    gate: Gate
    hub: Hub
    started_ms: int
    started_s: float
    files: AttachmentFiles
    synchronized: Callable[[], bool | None]
    present: Callable[[], frozenset[str]]
    """Logins of those who have a console open."""
    basemap: Basemap
    exports: Exports
    guests: RtspGate
    """Who comes by `Authorization`, with a stream key."""
    looks: Looks = field(default_factory=Looks)


def parts_of(connection: HTTPConnection) -> Parts:
    """The parts of the app that this request came to."""
    parts: Parts = connection.app.state.parts
    return parts


async def visitor_of(connection: HTTPConnection) -> Visitor:
    """The person who asks. Raises a 401 or 403 problem."""
    return await parts_of(connection).gate.visitor(connection)


Here = Annotated[Parts, Depends(parts_of)]
Who = Annotated[Visitor, Depends(visitor_of)]

IncidentPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$", examples=["I-20261124-0007"])]
AttachmentPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
UnitPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
CourtPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
RecordingPath = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["a1b2c3d4e5f60718"])]
NumberPath = Annotated[int, Path(ge=0, le=0xFFFFFFFF)]
Cursor = Annotated[
    str | None, Query(pattern=r"^[A-Za-z0-9_.:-]{1,96}$", description="`next` of the page before.")
]
IncidentCursor = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,15}\.[A-Za-z0-9_-]{1,32}$", description="`next` of the page before."),
]
EPOCH_END_MS = 253_402_300_799_999
