"""Writes the golden vectors of the wire: `python tools/wire_vectors.py`.

Run it only when the wire is changed on purpose; the tests then show every byte that changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "vectors")]

from vector_values import message_of  # noqa: E402

PRESSED = {"utc_s": 1795486330, "utc_ms": 564, "quality": 3, "mono_ms": 5025464, "boot": 7}
TAKEN = {"utc_s": 1795486329, "utc_ms": 0, "quality": 3, "mono_ms": 5023900, "boot": 7}
UNKNOWN_TIME = {"utc_s": 0, "utc_ms": 0, "quality": 0, "mono_ms": 812, "boot": 8}
FIX = {
    "stamp": TAKEN,
    "lat_e7": 260586000,
    "lon_e7": 1191912300,
    "accuracy_dm": 45,
    "speed_cm_s": 583,
    "course_cdeg": 27150,
    "altitude_dm": 134,
    "satellites": 14,
    "quality": 1,
}
BARE_FIX = {"stamp": TAKEN, "lat_e7": -260586000, "lon_e7": -1, "satellites": 0, "quality": 6}
ALARM_ID = {"hex": "000102030405060708090a0b0c0d0e0f"}
OTHER_ID = {"hex": "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"}
SEGMENT = {"hex": "a1b2c3d4e5f607180000000c"}
DIGEST = {"hex": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
PREVIOUS = {"hex": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"}
TALK = {"hex": "7a1b000000000001"}
CASE = "(2026)闽0105执1287号"

MESSAGES: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "alarm with a fix",
        "up/alarm",
        "Alarm",
        {
            "alarm_id": ALARM_ID,
            "kind": 0,
            "pressed": PRESSED,
            "fix": FIX,
            "fix_age_ms": 1564,
            "case_no": CASE,
            "repeat": 0,
        },
    ),
    (
        "alarm after a reboot, no time and no fix, third sending",
        "up/alarm",
        "Alarm",
        {"alarm_id": OTHER_ID, "kind": 0, "pressed": UNKNOWN_TIME, "repeat": 2},
    ),
    (
        "cancel with a code",
        "up/alarm",
        "Alarm",
        {"alarm_id": OTHER_ID, "kind": 7, "pressed": PRESSED, "repeat": 0, "ref": ALARM_ID, "code": 3},
    ),
    ("test alarm", "up/alarm", "Alarm", {"alarm_id": ALARM_ID, "kind": 5, "pressed": PRESSED, "repeat": 0}),
    ("one fix", "up/fix", "FixBatch", {"fixes": [FIX], "dropped": 0}),
    (
        "fixes of a dead zone",
        "up/fix",
        "FixBatch",
        {"fixes": [BARE_FIX, FIX], "dropped": 12, "batch_id": 41},
    ),
    (
        "state",
        "up/state",
        "State",
        {
            "online": 1,
            "boot": 7,
            "session": 2,
            "stamp": PRESSED,
            "battery_pct": 31,
            "battery_mv": 3610,
            "charging": 0,
            "storage_free_kib": 39845888,
            "storage_total_kib": 62333952,
            "signal_dbm": -97,
            "network": "lte",
            "recording": 0,
            "firmware": "0.1.0",
            "case_no": CASE,
            "uptime_s": 5025,
            "counters": {"0": 2, "3": 12},
            "last_error": "position: OSError(5)",
        },
    ),
    (
        "state of a unit whose loudspeaker keeps silent",
        "up/state",
        "State",
        {"online": 1, "boot": 7, "session": 3, "stamp": PRESSED, "recording": 1, "speaker": 2},
    ),
    ("will", "up/state", "State", {"online": 0, "boot": 7, "session": 2}),
    (
        "reply to a command",
        "up/reply",
        "Reply",
        {"ref": {"hex": "a1a2a3a4a5a6a7a8"}, "outcome": 1, "detail": "hold_ms: 0 to 5000", "stamp": PRESSED},
    ),
    ("a receipt was felt", "up/reply", "Reply", {"ref": ALARM_ID, "outcome": 0, "seq": 3}),
    (
        "stored",
        "down/alarm",
        "Receipt",
        {"alarm_id": ALARM_ID, "status": 1, "seq": 1, "at_s": 1795486330, "incident": "I-20261124-0007"},
    ),
    (
        "acknowledged by a person",
        "down/alarm",
        "Receipt",
        {"alarm_id": ALARM_ID, "status": 2, "seq": 2, "at_s": 1795486335, "by": "林静"},
    ),
    (
        "a court is on the way",
        "down/alarm",
        "Receipt",
        {
            "alarm_id": ALARM_ID,
            "status": 3,
            "seq": 4,
            "at_s": 1795486340,
            "court": "福州市仓山区人民法院",
            "eta_s": 900,
        },
    ),
    (
        "command: set the hold time",
        "down/command",
        "Command",
        {
            "command_id": {"hex": "a1a2a3a4a5a6a7a8"},
            "kind": 2,
            "expires_s": 1795486390,
            "name": "hold_ms",
            "value": 800,
        },
    ),
    (
        "command: set the case",
        "down/command",
        "Command",
        {"command_id": {"hex": "b1b2b3b4b5b6b7b8"}, "kind": 3, "expires_s": 1795486390, "value": CASE},
    ),
    ("batches are stored", "down/want", "Want", {"stored_batches": [40, 41]}),
    (
        "a segment lacks two ranges",
        "down/want",
        "Want",
        {"stored_batches": [], "segment": SEGMENT, "ranges": [16384, 32768, 81920, 90000]},
    ),
    (
        "a segment is sealed",
        "down/want",
        "Want",
        {"stored_batches": [], "segment": SEGMENT, "sealed": DIGEST},
    ),
    (
        "manifest of a segment with an alarm",
        "up/manifest",
        "Manifest",
        {
            "segment": SEGMENT,
            "size": 840750,
            "sha256": DIGEST,
            "first": TAKEN,
            "last": PRESSED,
            "seq": 3,
            "previous": PREVIOUS,
            "flags": 10,
            "dropped_pictures": 2,
            "dropped_sounds": 0,
            "unit": "MZ2534",
            "key_id": {"hex": "3b6a27bcceb6a42d"},
            "case_no": CASE,
            "alarm_id": ALARM_ID,
            "marks": [1200, 7400],
            "fix": FIX,
            "signature": {"hex": "5a" * 64},
        },
    ),
    (
        "manifest of a segment that a power cut ended, not yet signed",
        "up/manifest",
        "Manifest",
        {
            "segment": SEGMENT,
            "size": 4096,
            "sha256": DIGEST,
            "first": UNKNOWN_TIME,
            "last": UNKNOWN_TIME,
            "seq": 0,
            "previous": {"hex": "00" * 32},
            "flags": 1,
            "dropped_pictures": 0,
            "dropped_sounds": 0,
            "unit": "MZ2534",
            "key_id": {"hex": "3b6a27bcceb6a42d"},
        },
    ),
    (
        "command: send live, with everything",
        "down/command",
        "Command",
        {"command_id": {"hex": "c1c2c3c4c5c6c7c8"}, "kind": 6, "expires_s": 1795486390, "value": 3},
    ),
    (
        "command: send live, with a picture each 500 ms",
        "down/command",
        "Command",
        {"command_id": {"hex": "c1c2c3c4c5c6c7c9"}, "kind": 6, "expires_s": 1795486390, "value": 403},
    ),
    (
        "speech, the first packet of a talk",
        "down/talk",
        "Talk",
        {"talk": TALK, "number": 0, "flags": 0, "sound": {"hex": "d5d4d7d6d1d0d3d2" * 40}},
    ),
    (
        "speech although the alarm is silent, a short packet",
        "down/talk",
        "Talk",
        {"talk": TALK, "number": 299, "flags": 1, "sound": {"hex": "d5545756"}},
    ),
    (
        "the end of a talk, without sound",
        "down/talk",
        "Talk",
        {"talk": TALK, "number": 300, "flags": 2, "sound": {"hex": ""}},
    ),
]

REFUSED: list[tuple[str, str, str]] = [
    ("nothing", "Want", ""),
    ("an array instead of a map", "Want", "80"),
    ("no version", "Want", "a10180"),
    ("version 2", "Want", "a200020180"),
    ("version true", "Want", "a200f50180"),
    ("a required field is missing", "Want", "a10001"),
    ("null for a required field", "Want", "a2000101f6"),
    ("bytes after the message", "Want", "a20001018000"),
    ("a number longer than needed", "Want", "a20018010180"),
    ("keys out of order", "Want", "a201800001"),
    ("a key twice", "Want", "a3000101800180"),
    ("a text key", "Want", "a2000161018100"),
    ("indefinite array", "Want", "a20001019fff"),
    ("a float", "Want", "a2000101f93c00"),
    ("a tag", "Want", "a2000101c080"),
    ("nested too deep", "Want", "a200010181818181818100"),
    ("an array of four billion", "Want", "a20001019affffffff"),
    ("a byte string of four billion", "Reply", "a20001015affffffff"),
    ("true for an integer", "Want", "a200010181f5"),
    ("a negative id", "Want", "a20001018120"),
    ("text that is not UTF-8", "Command", "a5000101480000000000000000020203000461ff"),
    ("overlong UTF-8", "Command", "a5000101480000000000000000020203000462c080"),
    ("a surrogate in UTF-8", "Command", "a5000101480000000000000000020203000463eda080"),
    ("a control character", "Command", "a500010148000000000000000002020300046107"),
    ("an id too short", "Command", "a4000101470000000000000002020300"),
    ("speech without sound or the key for it", "Talk", "a400010148000000000000000002000300"),
    ("speech of 321 samples", "Talk", "a500010148000000000000000002000300" + "04590141" + "d5" * 321),
    ("speech that is text", "Talk", "a500010148000000000000000002000300046141"),
    ("speech with a number of 33 bits", "Talk", "a5000101480000000000000000021b000000010000000003000440"),
    ("a talk of 9 bytes", "Talk", "a500010149000000000000000000020003000440"),
]


def main() -> None:
    """Writes both files."""
    folder = ROOT / "tests" / "vectors"
    rows = []
    for name, topic, message, value in MESSAGES:
        row = {"name": name, "topic": topic, "message": message, "hex": "", "value": value}
        row["hex"] = message_of(row).encode().hex()
        rows.append(row)
    refused = [{"name": name, "message": message, "hex": text} for name, message, text in REFUSED]
    for file, content in (("messages", rows), ("refused", refused)):
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (folder / f"{file}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
