"""What the gateway may ask of the unit. Each command is carried out once, however often it arrives."""

from store.errors import SettingError
from store.settings_table import BOOL, TABLE

from protocol import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REMEMBERED = 32
# What may be changed over the air: nothing that could cut the unit off from its gateway.
CHANGEABLE = (
    "hold_ms",
    "resend_first_ms",
    "resend_then_ms",
    "resend_most_ms",
    "stored_within_ms",
    "acknowledged_within_ms",
    "nobody_again_ms",
    "fix_moving_s",
    "fix_still_s",
    "fix_alarmed_s",
    "moving_cm_s",
    "state_s",
    "silent",
    "vibration_pct",
    "record_always",
    "record_on_alarm",
    "segment_s",
    "segment_kib",
)


class Commands:
    """Carries out commands.

    Args:
        clock: drivers.clock.Clock.
        settings: store.settings.Settings; `set` is refused for names outside `changeable`.
        locate: sends a fix; returns False when there is none yet.
        test_alarm: raises a test alarm for the command's id; returns False when it could not.
        changed: told that the State has changed.
        changeable: names of settings that may be changed from afar.

    `media`: set when the unit records; carries out RECORD, LIVE and MARK.
    """

    def __init__(self, clock, settings, locate, test_alarm, changed, changeable=CHANGEABLE) -> None:
        self.media: Any = None
        self._clock = clock
        self._settings = settings
        self._locate = locate
        self._test_alarm = test_alarm
        self._changed = changed
        self._changeable = changeable
        self._done: list[tuple[bytes, int, str | None]] = []
        self._live_id = b""

    def carry_out(self, command: messages.Command) -> "tuple[int, str | None]":
        """(outcome, detail) for the reply; a repeated command gets the outcome of its first arrival."""
        for command_id, outcome, detail in self._done:
            if command_id == command.command_id:
                return outcome, detail
        outcome, detail = self._once(command)
        if command.kind == messages.LIVE:
            # It comes every few seconds: only the newest is remembered, so that it drives out none of the others.
            self._done = [entry for entry in self._done if entry[0] != self._live_id]
            self._live_id = command.command_id
        self._done.append((command.command_id, outcome, detail))
        if len(self._done) > REMEMBERED:
            self._done.pop(0)
        return outcome, detail

    def _once(self, command: messages.Command) -> "tuple[int, str | None]":
        utc_s = self._clock.utc_s()
        if utc_s and utc_s > command.expires_s:
            return messages.EXPIRED, "%d s too late" % (utc_s - command.expires_s)
        if command.kind == messages.LOCATE:
            return messages.DONE, None if self._locate() else "no fix yet: the first one will be sent"
        if command.kind == messages.SETTING:
            return self._set(command.name, command.value)
        if command.kind == messages.CASE:
            return self._set_case(command.value)
        if command.kind == messages.TEST_ALARM:
            if self._test_alarm(command.command_id):
                return messages.DONE, None
            return messages.REFUSED, "no place for another alarm"
        if command.kind in (messages.RECORD, messages.LIVE, messages.MARK):
            if self.media is None:
                return messages.REFUSED, "this unit does not record"
            return self.media.command(command.kind, command.value)
        return messages.UNKNOWN, "command %d is not known to this firmware" % command.kind

    def _set(self, name, value) -> "tuple[int, str | None]":
        if name not in self._changeable:
            return messages.REFUSED, "setting %s cannot be changed from afar" % (name or "without a name")
        if TABLE[name][0] == BOOL and value in (0, 1):
            # The wire's value is a number or text.
            value = value == 1
        try:
            self._settings.set(name, value)
        except (SettingError, OSError) as error:
            return messages.REFUSED, shortened(str(error))
        self._changed()
        if self.media is not None:
            self.media.look()
        return messages.DONE, None

    def _set_case(self, value) -> "tuple[int, str | None]":
        if value is not None and not isinstance(value, str):
            return messages.REFUSED, "a case number is text"
        try:
            self._settings.set("case_no", value or "")
        except (SettingError, OSError) as error:
            return messages.REFUSED, shortened(str(error))
        self._changed()
        return messages.DONE, None


def shortened(text: str, most_bytes: int = messages.MAX_DETAIL_BYTES) -> str:
    """Text as a message's detail may be: no control characters, at most `most_bytes` of UTF-8."""
    clean = "".join([char if ord(char) >= 0x20 and not 0x7F <= ord(char) < 0xA0 else " " for char in text])
    while len(clean.encode()) > most_bytes:
        clean = clean[: len(clean) - max(1, (len(clean.encode()) - most_bytes) // 4)]
    return clean
