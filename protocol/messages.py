"""Every message of the wire (docs/wire.md, "Messages"). Each encodes itself and decodes its own bytes."""

from protocol.checks import MAX_LIST, MAX_UINT16, MAX_UINT32, MAX_UINT53
from protocol.fields import BYTES, COUNTERS, FIX, FIXES, INTEGER, STAMP, TEXT, UINTS, VALUE, Message
from protocol.manifest import Manifest
from protocol.media import SEGMENT_BYTES
from protocol.records import Fix, Stamp
from protocol.talk import Talk

CLOCK_NONE = 0
CLOCK_RTC = 1
CLOCK_NETWORK = 2
CLOCK_GNSS = 3

KIND_BUTTON = 0
KIND_DURESS = 1
KIND_MAN_DOWN = 2
KIND_MISSED_CHECKIN = 3
KIND_LOW_BATTERY = 4
KIND_TEST = 5
KIND_EXERCISE = 6
KIND_CANCEL = 7
KINDS = ("button", "duress", "man_down", "missed_checkin", "low_battery", "test", "exercise", "cancel")

STORED = 1
ACKNOWLEDGED = 2
ON_THE_WAY = 3
NOBODY_YET = 4
ARRIVED = 5
CLOSED = 6

DONE = 0
REFUSED = 1
EXPIRED = 2
UNKNOWN = 3

LOCATE = 1
SETTING = 2
CASE = 3
TEST_ALARM = 4
RECORD = 5
LIVE = 6
MARK = 7

LIVE_OFF = 0
LIVE_SOUND = 1
LIVE_STILLS = 2
LIVE_FULL = 3

SPEAKER_NONE = 0
SPEAKER_PLAYS = 1
SPEAKER_SILENT = 2
"""Only what is ALOUD is played: an alarm is silent, or the unit is set to be."""

COUNTER_NAMES = (
    "reconnects",
    "publishes_failed",
    "inbound_refused",
    "fixes_dropped",
    "nmea_refused",
    "task_restarts",
    "journal_torn_bytes",
    "events_dropped",
    "clock_steps",
    "journal_refused",
    "fixes_null_island",
    "fixes_future",
    "fixes_too_old",
    "pictures_dropped",
    "sounds_dropped",
    "card_errors",
    "chunks_skipped",
    "segments_waiting",
    "segments_refused",
    "card_taken_pct",
    "talk_played",
    "talk_dropped",
    "sound_missing_ms",
)

MAX_FIXES = 32
MAX_CASE_BYTES = 96
MAX_NAME_BYTES = 160
MAX_DETAIL_BYTES = 200


class Alarm(Message):
    """`up/alarm`: the officer asks for help, or takes it back (KIND_CANCEL: a claim that a person judges).

    alarm_id: 16 random bytes, the same in every repeat; kind: KIND_*; pressed: when the button had been held
    long enough; fix, fix_age_ms: the last one known and how old it was then; repeat: 0 for the first sending;
    ref, code: for KIND_CANCEL, the alarm meant and how many short presses were made.
    """

    alarm_id: bytes
    kind: int
    pressed: Stamp
    fix: "Fix | None"
    fix_age_ms: "int | None"
    case_no: "str | None"
    repeat: int
    ref: "bytes | None"
    code: "int | None"
    FIELDS = (
        (1, "alarm_id", BYTES, 16, 16, True),
        (2, "kind", INTEGER, 0, 7, True),
        (3, "pressed", STAMP, 0, 0, True),
        (4, "fix", FIX, 0, 0, False),
        (5, "fix_age_ms", INTEGER, 0, MAX_UINT53, False),
        (6, "case_no", TEXT, 1, MAX_CASE_BYTES, False),
        (7, "repeat", INTEGER, 0, MAX_UINT32, True),
        (8, "ref", BYTES, 16, 16, False),
        (9, "code", INTEGER, 0, 99, False),
    )


class FixBatch(Message):
    """`up/fix`: one fix, or those of a dead zone.

    fixes: oldest first; dropped: fixes that were lost since the last batch; batch_id: set when the unit keeps
    the batch until `down/want` lists it as stored.
    """

    fixes: "list[Fix]"
    dropped: int
    batch_id: "int | None"
    FIELDS = (
        (1, "fixes", FIXES, 1, MAX_FIXES, True),
        (2, "dropped", INTEGER, 0, MAX_UINT32, True),
        (3, "batch_id", INTEGER, 0, MAX_UINT53, False),
    )


class State(Message):
    """`up/state`, retained; the Will is one with `online` 0 and the boot and session that it speaks for.

    session: number of this connection since boot; case_no: the case that the officer works on;
    counters: number in COUNTER_NAMES to how often it happened since boot; last_error: of the last restart;
    speaker: SPEAKER_*, what would happen to speech now; a unit that does not say has none.
    """

    online: int
    boot: int
    session: int
    stamp: "Stamp | None"
    battery_pct: "int | None"
    battery_mv: "int | None"
    charging: "int | None"
    storage_free_kib: "int | None"
    storage_total_kib: "int | None"
    signal_dbm: "int | None"
    network: "str | None"
    recording: "int | None"
    firmware: "str | None"
    case_no: "str | None"
    uptime_s: "int | None"
    counters: "dict[int, int] | None"
    last_error: "str | None"
    speaker: "int | None"
    FIELDS = (
        (1, "online", INTEGER, 0, 1, True),
        (2, "boot", INTEGER, 0, MAX_UINT32, True),
        (3, "session", INTEGER, 0, MAX_UINT32, True),
        (4, "stamp", STAMP, 0, 0, False),
        (5, "battery_pct", INTEGER, 0, 100, False),
        (6, "battery_mv", INTEGER, 0, MAX_UINT16, False),
        (7, "charging", INTEGER, 0, 1, False),
        (8, "storage_free_kib", INTEGER, 0, MAX_UINT53, False),
        (9, "storage_total_kib", INTEGER, 0, MAX_UINT53, False),
        (10, "signal_dbm", INTEGER, -200, 0, False),
        (11, "network", TEXT, 1, 16, False),
        (12, "recording", INTEGER, 0, 1, False),
        (13, "firmware", TEXT, 1, 32, False),
        (14, "case_no", TEXT, 1, MAX_CASE_BYTES, False),
        (15, "uptime_s", INTEGER, 0, MAX_UINT53, False),
        (16, "counters", COUNTERS, 0, MAX_LIST, False),
        (17, "last_error", TEXT, 1, MAX_DETAIL_BYTES, False),
        (18, "speaker", INTEGER, 0, 2, False),
    )


class Receipt(Message):
    """`down/alarm`: what has become of an alarm.

    status: STORED after the commit, ACKNOWLEDGED by a named person (`by`), ON_THE_WAY when a court (`court`,
    `eta_s`) accepted, NOBODY_YET, ARRIVED, CLOSED; seq rises within an incident: a unit that has felt one
    ignores it and all before; at_s: UTC seconds of the gateway's clock; incident: its number for people.
    """

    alarm_id: bytes
    status: int
    seq: int
    at_s: int
    by: "str | None"
    court: "str | None"
    eta_s: "int | None"
    incident: "str | None"
    FIELDS = (
        (1, "alarm_id", BYTES, 16, 16, True),
        (2, "status", INTEGER, 1, 6, True),
        (3, "seq", INTEGER, 0, MAX_UINT32, True),
        (4, "at_s", INTEGER, 0, MAX_UINT53, True),
        (5, "by", TEXT, 1, MAX_NAME_BYTES, False),
        (6, "court", TEXT, 1, MAX_NAME_BYTES, False),
        (7, "eta_s", INTEGER, 0, MAX_UINT32, False),
        (8, "incident", TEXT, 1, 32, False),
    )


class Reply(Message):
    """`up/reply`: the outcome of a command, or that a receipt was felt.

    ref: the command's id (8 bytes) or the alarm's (16); outcome: DONE, REFUSED, EXPIRED, UNKNOWN;
    seq: with an alarm's id, the `seq` of the receipt that was felt.
    """

    ref: bytes
    outcome: int
    detail: "str | None"
    stamp: "Stamp | None"
    seq: "int | None"
    FIELDS = (
        (1, "ref", BYTES, 8, 16, True),
        (2, "outcome", INTEGER, 0, 3, True),
        (3, "detail", TEXT, 1, MAX_DETAIL_BYTES, False),
        (4, "stamp", STAMP, 0, 0, False),
        (5, "seq", INTEGER, 0, MAX_UINT32, False),
    )


class Command(Message):
    """`down/command`: something for the unit to do, once, however often it arrives.

    kind: LOCATE, SETTING (`name`, `value`), CASE (`value`: the case number, empty to clear), TEST_ALARM, RECORD
    (`value` 1 starts, 0 stops), LIVE (`value`: protocol.live, what is sent as it is recorded), MARK (in the recording);
    expires_s: UTC seconds after which it is refused; a unit that does not know the time carries it out.
    """

    command_id: bytes
    kind: int
    expires_s: int
    name: "str | None"
    value: "int | str | None"
    FIELDS = (
        (1, "command_id", BYTES, 8, 8, True),
        (2, "kind", INTEGER, 0, 255, True),
        (3, "expires_s", INTEGER, 0, MAX_UINT53, True),
        (4, "name", TEXT, 1, 32, False),
        (5, "value", VALUE, 0, MAX_DETAIL_BYTES, False),
    )


class Want(Message):
    """`down/want`: what the gateway has, so that the unit may forget it, and what it lacks.

    stored_batches: ids of batches of fixes; segment: of which the rest speaks; ranges: what is missing of its file, as
    start, end, start, end, ...; sealed: SHA-256 of the file that is stored whole: only then may the card forget it;
    refused: why the manifest is not believed (REFUSED_*): the unit keeps the file and stops asking.
    """

    stored_batches: "list[int]"
    segment: "bytes | None"
    ranges: "list[int] | None"
    sealed: "bytes | None"
    refused: "int | None"
    FIELDS = (
        (1, "stored_batches", UINTS, 0, MAX_UINT53, True),
        (2, "segment", BYTES, SEGMENT_BYTES, SEGMENT_BYTES, False),
        (3, "ranges", UINTS, 0, MAX_UINT53, False),
        (4, "sealed", BYTES, 32, 32, False),
        (5, "refused", INTEGER, 1, 255, False),
    )


REFUSED_SIGNATURE = 1
REFUSED_CONTRADICTION = 2
REFUSED_QUOTA = 3


BY_LEAF = {
    ("up", "alarm"): Alarm,
    ("up", "fix"): FixBatch,
    ("up", "state"): State,
    ("up", "reply"): Reply,
    ("up", "manifest"): Manifest,
    ("down", "alarm"): Receipt,
    ("down", "command"): Command,
    ("down", "want"): Want,
    ("down", "talk"): Talk,
}
