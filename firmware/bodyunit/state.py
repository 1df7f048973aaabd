"""What the unit says of itself: on change, every 30 s (a setting), every 10 s in an alarm; and in its Will."""

from bodyunit import FIRMWARE
from bodyunit.bell import Bell
from bodyunit.commands import shortened
from bodyunit.wire import encoded, stamp
from protocol import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EVERY_ALARMED_MS = 10_000
LEAST_MS = 1000
LOOK_MS = 2000
LOW_BATTERY_PCT = 15
SIGNAL_STEP_DB = 6
STORAGE_STEP_KIB = 65_536


def clamped(value: "int | None", low: int, high: int) -> "int | None":
    """A sensor's reading as the wire allows it: one that cannot be must not keep a State from being sent."""
    return None if value is None else min(max(value, low), high)


class Counters:
    """How often what is dropped, refused or restarted has happened since boot, by name."""

    def __init__(self) -> None:
        self._counts = [0] * len(messages.COUNTER_NAMES)
        self._places = {name: i for i, name in enumerate(messages.COUNTER_NAMES)}

    def count(self, name: str) -> None:
        """One more of `name`, one of messages.COUNTER_NAMES."""
        self._counts[self._places[name]] += 1

    def set(self, name: str, value: int) -> None:
        """What somebody else counts."""
        self._counts[self._places[name]] = value

    def __getitem__(self, name: str) -> int:
        return self._counts[self._places[name]]

    def seen(self) -> "dict[int, int]":
        """Those that are not zero, by their number on the wire."""
        return {i: count for i, count in enumerate(self._counts) if count}


class States:
    """Sends State messages.

    Args:
        clock, settings, board: of the unit; board has battery() and storage() and signal().
        counters: Counters.
        alarms: Alarms; is told when the battery is low.
        last_error: text of what ended the last boot, or "".

    Set from outside: media, of a unit that records; quiet(), of one with a loudspeaker: whether it keeps silent.
    """

    def __init__(self, clock, settings, board, counters, alarms, boot: int, last_error: str, note) -> None:
        self.link: Any = None
        self.media: Any = None
        self.quiet: Any = None
        self.session = 0
        self._clock = clock
        self._settings = settings
        self._board = board
        self._counters = counters
        self._alarms = alarms
        self._boot = boot
        self._last_error = last_error
        self._note = note
        self._bell = Bell()
        self._sent_ms: int | None = None
        self._shown: tuple | None = None
        self._asked = False

    def will(self) -> messages.State:
        """The State that the broker publishes when this connection breaks."""
        return messages.State(online=0, boot=self._boot, session=self.session)

    def message(self) -> messages.State:
        """What holds now."""
        pct, mv, charging = self._board.battery()
        free_kib, total_kib = self._board.storage()
        if self.media is not None and free_kib is not None:
            # What the gateway has goes as soon as room is needed.
            free_kib = min(total_kib, free_kib + self.media.shelf.stored_kib)
        dbm, network = self._board.signal()
        return messages.State(
            online=1,
            boot=self._boot,
            session=self.session,
            stamp=stamp(self._clock),
            battery_pct=clamped(pct, 0, 100),
            battery_mv=clamped(mv, 0, 65_535),
            charging=None if charging is None else int(charging),
            storage_free_kib=clamped(free_kib, 0, 1 << 40),
            storage_total_kib=clamped(total_kib, 0, 1 << 40),
            signal_dbm=clamped(dbm, -200, 0),
            network=shortened(network, 16) if network else None,
            recording=int(self._recording()),
            firmware=FIRMWARE,
            case_no=self._settings.case_no or None,
            uptime_s=self._clock.mono_ms() // 1000,
            counters=self._counters.seen(),
            last_error=self._last_error or None,
            speaker=self._speaker(),
        )

    def changed(self) -> None:
        """Something that people look at may have changed: looked at soon."""
        self._bell.ring()

    def ask(self) -> None:
        """A State goes out as soon as the link allows."""
        self._asked = True
        self._bell.ring()

    def _due(self, now_ms: int) -> bool:
        sent_ms = self._sent_ms
        if sent_ms is None or self._asked:
            return True
        since_ms = now_ms - sent_ms
        every_ms = self._settings.state_s * 1000
        if self._alarms.alarmed:
            every_ms = min(every_ms, EVERY_ALARMED_MS)
        return since_ms >= every_ms or (since_ms >= LEAST_MS and self._look() != self._shown)

    def _recording(self) -> bool:
        return self.media is not None and self.media.recording

    def _speaker(self) -> "int | None":
        if self.quiet is None:
            return None
        return messages.SPEAKER_SILENT if self.quiet() else messages.SPEAKER_PLAYS

    def _look(self) -> tuple:
        """What counts as a change."""
        pct, _, charging = self._board.battery()
        free_kib, _ = self._board.storage()
        dbm, network = self._board.signal()
        return (
            pct,
            charging,
            None if free_kib is None else free_kib // STORAGE_STEP_KIB,
            None if dbm is None else dbm // SIGNAL_STEP_DB,
            network,
            self._settings.case_no,
            self._alarms.alarmed,
            self._recording(),
            self._speaker(),
        )

    def _check_battery(self) -> None:
        pct, _, charging = self._board.battery()
        if pct is not None and not charging and pct <= LOW_BATTERY_PCT:
            self._alarms.low_battery()

    async def run(self, heart) -> None:
        """Task: sends a State when one is due."""
        while True:
            heart.beat()
            self._check_battery()
            now_ms = self._clock.mono_ms()
            if self.link is not None and self.link.connected and self._due(now_ms):
                heart.rest()
                await self._send(now_ms)
                heart.beat()
            await self._bell.wait(LOOK_MS)

    async def _send(self, now_ms: int) -> None:
        self._asked = False
        shown = self._look()
        if await self.link.publish("state", (encoded(self.message()),), 1, True):
            self._sent_ms = now_ms
            self._shown = shown
        else:
            self._counters.count("publishes_failed")
            self._asked = True
