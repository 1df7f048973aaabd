"""What a simulated unit is made from: a provisioned home and the broker it is to reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.errors import NotFound

if TYPE_CHECKING:  # OpenCV takes a moment, and most units have no camera
    from simulator.camera import Camera
    from simulator.microphone import Microphone
    from simulator.speaker import Loudspeaker

UNIT_FILE = "unit.json"
PROVISIONED_FILE = (
    "unit.provisioned.json"  # the file as provisioning wrote it, before the link's port went in
)
CARD_FILE = "card.img"
WRITTEN_FILE = "unit.linked.json"  # unit.json as it was written here last
GENERATION_LIMIT = 2**30 - 1  # small integers of the unit
HEAP_KIB = 512
MEDIA_HEAP_KIB = 128  # beside ring and picture; docs/firmware.md
RING_KIB, PICTURE_KIB = 4096, 96  # where unit.json does not say; firmware/store/settings_table.py


@dataclass(frozen=True, slots=True)
class Card:
    """A memory card of its own size, in the file `card.img` of the home, as a block device with a FAT file system.

    `bytes_s`: how fast it writes; 0 as fast as the machine.
    """

    size_kib: int
    bytes_s: int = 0


@dataclass(frozen=True, slots=True)
class UnitConfig:
    """`home` holds unit.json and the unit's keys, and is where the firmware keeps its flash.

    `broker_host` and `broker_port` are where the link leads; the unit itself is told the link's port.
    `seed` fixes the chance of link and receiver. `hold_ms` is how long `Unit.press` holds; None: as long
    as the unit's own setting asks, and 200 ms more. `root` holds `firmware/` when it is not this tree.
    `restart_on_exit` starts the firmware again when it ended by itself, as a reset does.

    `camera` and `microphone` open where picture and sound come from, `speaker` where speech to the officer goes; None:
    the unit has none. `card` None: the folder
    `card` in the home, as large and fast as the machine. `settings` go over those of unit.json. `heap` None: as
    docs/firmware.md says, by what the unit records.
    """

    home: Path
    broker_host: str
    broker_port: int
    seed: int = 1
    hold_ms: int | None = None
    heap: str | None = None
    root: Path | None = None
    restart_on_exit: bool = True
    camera: Callable[[], Camera] | None = None
    microphone: Callable[[], Microphone] | None = None
    speaker: Callable[[], Loudspeaker] | None = None
    card: Card | None = None
    settings: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_home(cls, home: Path, *, seed: int = 1) -> UnitConfig:
        """A configuration that reaches the broker which the home was provisioned for. Raises NotFound."""
        settings = read_unit_file(home)
        return cls(home, str(settings["broker_host"]), int(str(settings["broker_port"])), seed=seed)


def heap_of(config: UnitConfig) -> str:
    """The interpreter's heap for this unit, as MicroPython's option takes it. Raises NotFound."""
    if config.heap is not None:
        return config.heap
    kib = HEAP_KIB
    if config.camera is not None or config.microphone is not None:
        settings = read_unit_file(config.home) | dict(config.settings)
        ring_kib = int(str(settings.get("ring_kib", RING_KIB)))
        kib += ring_kib + int(str(settings.get("picture_kib", PICTURE_KIB))) + MEDIA_HEAP_KIB
    return f"{kib}k"


def card_environment(config: UnitConfig) -> dict[str, str]:
    """Where the firmware finds its card; makes the image when there is none. What is on one that is there stays."""
    if config.card is None:
        return {}
    path = config.home.resolve() / CARD_FILE
    if not path.exists():
        with path.open("wb") as file:
            file.truncate(config.card.size_kib * 1024)
    return {"TIPSTAFF_SIM_CARD": str(path), "TIPSTAFF_SIM_CARD_BYTES_S": str(config.card.bytes_s)}


def read_unit_file(home: Path) -> dict[str, object]:
    """The unit's settings as they were provisioned. Raises NotFound for a home that is none."""
    for name in (PROVISIONED_FILE, UNIT_FILE):
        try:
            value = json.loads((home / name).read_text("utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise NotFound(f"{home / name} cannot be read: {error}") from error
        if isinstance(value, dict) and {"unit_id", "broker_host", "broker_port"} <= value.keys():
            return value
        raise NotFound(f"{home / name} lacks unit_id, broker_host or broker_port: provision the unit again")
    raise NotFound(f"{home} holds no {UNIT_FILE}: provision the unit first")


def point_at(home: Path, host: str, port: int, others: Mapping[str, object] | None = None) -> None:
    """Let the unit in `home` connect to (host, port); keeps the provisioned file beside it. others: further settings.

    The generation rises, so that the firmware takes the file over. A newer provisioning is recognised,
    because it is not what was written here last, and becomes the provisioned file.
    """
    unit_file, kept, written = home / UNIT_FILE, home / PROVISIONED_FILE, home / WRITTEN_FILE
    present = unit_file.read_text("utf-8")
    if not kept.exists() or not written.exists() or written.read_text("utf-8") != present:
        kept.write_text(present, "utf-8")
    settings = json.loads(kept.read_text("utf-8"))
    before = [present, written.read_text("utf-8")] if written.exists() else [present]
    generation = max(int(json.loads(text).get("generation", 0)) for text in before) + 1
    settings |= others or {}
    settings |= {"broker_host": host, "broker_port": port, "generation": min(generation, GENERATION_LIMIT)}
    text = json.dumps(settings, indent=1)
    written.write_text(text, "utf-8")
    temporary = unit_file.with_suffix(".new")
    temporary.write_text(text, "utf-8")
    temporary.replace(unit_file)
