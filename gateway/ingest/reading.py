"""Reading one delivery: bounded before it is decoded, and never anything but a message or a fault."""

from dataclasses import dataclass

from gateway.ingest.link import Delivery
from gateway.ingest.quick_fix import quick_fix
from gateway.model import AlarmRecord, Fix
from protocol import messages, topics
from protocol.errors import ProtocolError, UnsupportedVersion
from protocol.fields import VERSION, Message
from protocol.records import Fix as WireFix
from protocol.records import Stamp

# Longest payload by leaf, in bytes: the longest that a valid message can be, with room for later fields.
LONGEST = {"alarm": 1024, "fix": 4096, "state": 2048, "reply": 1024}
TEXT_MAX = 200
VERSION_MAX = 255


@dataclass(slots=True)
class Heard:
    """A delivery that says something. `unit_id`, `court_id` and `leaf` are those of its topic. A single position
    with nothing wrong is a Fix already."""

    delivery: Delivery
    court_id: str
    unit_id: str
    leaf: str
    message: Message | Fix


class Fault(Exception):
    """Why a delivery says nothing. `name`: bad_topic, oversized, unknown_version, garbage. `version`: the one
    that is not spoken here."""

    def __init__(
        self, name: str, court_id: str, unit_id: str, leaf: str, detail: str, version: int | None = None
    ) -> None:
        super().__init__(f"{name}: {detail}")
        self.court_id = court_id
        self.version = version
        self.name = name
        self.unit_id = unit_id
        self.leaf = leaf
        self.detail = detail

    @property
    def later_alarm(self) -> bool:
        """Whether it is an alarm of a version that comes after ours, and not noise in the place of a version."""
        return self.leaf == "alarm" and self.version is not None and VERSION < self.version <= VERSION_MAX


def read(delivery: Delivery, future_ms: int) -> Heard:
    """What `delivery` says. future_ms: how far a unit's clock may be ahead of ours. Raises Fault."""
    try:
        court_id, unit_id, direction, leaf = topics.parse(delivery.topic)
    except ProtocolError as error:
        raise Fault("bad_topic", "-", "-", "-", str(error)[:TEXT_MAX]) from None
    if direction != "up" or leaf not in LONGEST:
        raise Fault("bad_topic", court_id, unit_id, leaf, f"nothing is read from {direction}/{leaf}")
    if leaf == "fix" and (fix := quick_fix(delivery.payload, delivery.received_ms, future_ms)) is not None:
        return Heard(delivery, court_id, unit_id, leaf, fix)
    length, longest = len(delivery.payload), LONGEST[leaf]
    if length > longest:
        raise Fault("oversized", court_id, unit_id, leaf, f"{length} bytes, at most {longest}")
    try:
        message = messages.BY_LEAF["up", leaf].decode(delivery.payload)
    except UnsupportedVersion as error:
        detail = str(error)[:TEXT_MAX]
        raise Fault("unknown_version", court_id, unit_id, leaf, detail, error.version) from None
    except ProtocolError as error:
        raise Fault("garbage", court_id, unit_id, leaf, str(error)[:TEXT_MAX]) from None
    return Heard(delivery, court_id, unit_id, leaf, message)


def record_of(said: Heard, message: messages.Alarm, court_id: str, fix: Fix | None) -> AlarmRecord:
    """An alarm as it is stored. court_id: of its unit; fix: that of the message, checked."""
    return AlarmRecord(
        alarm_id=bytes(message.alarm_id),
        unit_id=said.unit_id,
        court_id=court_id,
        kind=message.kind,
        pressed_ms=stamp_ms(message.pressed),
        pressed_quality=message.pressed.quality,
        pressed_mono_ms=message.pressed.mono_ms,
        boot=message.pressed.boot,
        received_ms=said.delivery.received_ms,
        fix=fix,
        fix_age_ms=message.fix_age_ms,
        case_no=message.case_no.replace("\0", "") if message.case_no is not None else None,
        ref=bytes(message.ref) if message.ref is not None else None,
        code=message.code,
    )


def stamp_ms(stamp: Stamp | None) -> int | None:
    """UTC milliseconds of a stamp, None when the unit's clock was not set."""
    if stamp is None or stamp.quality == messages.CLOCK_NONE or stamp.utc_s == 0:
        return None
    return stamp.utc_s * 1000 + stamp.utc_ms


def clock_offset_ms(said: Heard, message: messages.State, before_ms: int | None) -> int | None:
    """The unit's clock less ours, in ms, at the arrival of a State; None when the unit's was not set. A retained
    one was said at some time before: then what was known, `before_ms`, stays."""
    if said.delivery.retained:
        return before_ms
    unit_ms = stamp_ms(message.stamp)
    return None if unit_ms is None else unit_ms - said.delivery.received_ms


def fix_of(wire: WireFix, received_ms: int, future_ms: int) -> Fix:
    """The position with the unit's time and ours side by side, and what is wrong with it in `fault`."""
    taken_ms = stamp_ms(wire.stamp)
    fault = None
    if wire.lat_e7 == 0 and wire.lon_e7 == 0:
        fault = "null_island"
    elif wire.quality == 0:
        fault = "no_fix"
    elif taken_ms is not None and taken_ms > received_ms + future_ms:
        fault = "future"
    return Fix(
        lat_e7=wire.lat_e7,
        lon_e7=wire.lon_e7,
        accuracy_dm=wire.accuracy_dm,
        speed_cm_s=wire.speed_cm_s,
        course_cdeg=wire.course_cdeg,
        altitude_dm=wire.altitude_dm,
        satellites=wire.satellites,
        quality=wire.quality,
        taken_ms=taken_ms,
        clock_quality=wire.stamp.quality,
        mono_ms=wire.stamp.mono_ms,
        boot=wire.stamp.boot,
        received_ms=received_ms,
        fault=fault,
    )
