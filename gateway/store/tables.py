"""The tables as they are now. What turns an older database into this is in `migrations/versions`.

Times are UTC milliseconds; positions WGS-84 in 1e-7 degrees; `facts`, `event`, `snapshot` and `fix` are JSON.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")

courts = Table(
    "courts",
    metadata,
    Column("court_id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("level", String(16), nullable=False),
    Column("parent_id", String(16)),
    Column("lat_e7", BigInteger, nullable=False),
    Column("lon_e7", BigInteger, nullable=False),
    Column("on_duty", Boolean, nullable=False),
    Column("placeholder", Boolean, nullable=False),
    Column("source", Text, nullable=False),
)

duty = Table(
    "duty",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("court_id", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("on_duty", Boolean, nullable=False),
    Column("by", Text, nullable=False),
)

units = Table(
    "units",
    metadata,
    Column("unit_id", String(32), primary_key=True),
    Column("court_id", String(16), nullable=False),
    Column("officer", Text, nullable=False),
    Column("cancel_code", Integer, nullable=False),
    Column("registered_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("generation", Integer, nullable=False),
    Column("serial_hex", String(64), nullable=False),
    Column("certificate_ends_ms", BigInteger),
)

# Certificates that were replaced or revoked, for the brokers' revocation list.
revoked = Table(
    "revoked",
    metadata,
    Column("serial_hex", String(64), primary_key=True),
    Column("unit_id", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

unit_states = Table(
    "unit_states",
    metadata,
    Column("unit_id", String(32), primary_key=True),
    Column("seen_ms", BigInteger, nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("session", BigInteger, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("wire_court", String(16), nullable=False),
    Column("state", Text, nullable=False),
)

# Clustered by the identity that the unit gives, so that a repeated batch changes nothing. taken_ms is 0 when
# the unit's clock was not set: a part of the key cannot be NULL.
fixes = Table(
    "fixes",
    metadata,
    Column("unit_id", String(32), primary_key=True),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("mono_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("taken_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("clock_quality", Integer, nullable=False),
    Column("lat_e7", BigInteger, nullable=False),
    Column("lon_e7", BigInteger, nullable=False),
    Column("accuracy_dm", BigInteger),
    Column("speed_cm_s", BigInteger),
    Column("course_cdeg", Integer),
    Column("altitude_dm", Integer),
    Column("satellites", Integer, nullable=False),
    Column("quality", Integer, nullable=False),
    Column("fault", String(16)),
    Index("fixes_by_arrival", "unit_id", "received_ms"),
    sqlite_with_rowid=False,
)

# The unit is part of the key: two units whose random numbers were bad must not silence one another.
alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", LargeBinary(16), primary_key=True),
    Column("unit_id", String(32), primary_key=True),
    Column("court_id", String(16)),
    Column("kind", Integer, nullable=False),
    Column("pressed_ms", BigInteger),
    Column("pressed_quality", Integer, nullable=False),
    Column("pressed_mono_ms", BigInteger, nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("fix", Text),
    Column("fix_age_ms", BigInteger),
    Column("case_no", Text),
    Column("ref", LargeBinary(16)),
    Column("code", BigInteger),
    Column("incident_id", String(32), nullable=False),
    Index("alarms_by_incident", "incident_id"),
    Index("alarms_by_unit", "unit_id", "incident_id"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", String(32), primary_key=True),
    Column("unit_id", String(32), nullable=False),
    Column("court_id", String(16)),
    Column("state", String(16), nullable=False),
    Column("live", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("deadline_ms", BigInteger),
    Column("snapshot", Text, nullable=False),
    Index("incidents_by_opening", "live", "opened_ms", "incident_id"),
    Index("incidents_by_unit", "unit_id"),
)

# What incidents are searched by (`incident_search.py`), clustered by time: the snapshots are too wide to look through.
incident_search = Table(
    "incident_search",
    metadata,
    Column("opened_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("incident_id", String(32), primary_key=True),
    Column("live", Boolean, nullable=False),
    Column("court_id", String(16)),
    Column("kind", String(16), nullable=False),
    Column("duress", Boolean, nullable=False),
    Column("units", Text, nullable=False),
    Column("officers", Text, nullable=False),
    Column("case_no", Text, nullable=False),
    Column("people", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The courts that see an incident: of its officer, and all that were asked or paged.
incident_courts = Table(
    "incident_courts",
    metadata,
    Column("opened_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("incident_id", String(32), primary_key=True),
    Column("court_id", String(16), primary_key=True),
    sqlite_with_rowid=False,
)

incident_events = Table(
    "incident_events",
    metadata,
    Column("incident_id", String(32), ForeignKey("incidents.incident_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("name", String(32), nullable=False),
    Column("by", Text),
    Column("event", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("unit_id", String(32), primary_key=True),
    Column("alarm_id", LargeBinary(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("incident_id", String(32), nullable=False),
    Column("status", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Text),
    Column("court_name", Text),
    Column("eta_s", BigInteger),
    Column("felt_ms", BigInteger),
    Index("receipts_by_incident", "incident_id"),
    Index("receipts_by_time", "at_ms"),
)

users = Table(
    "users",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("court_id", String(16)),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("login", String(64), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("web_sessions_by_expiry", "expires_ms"),
)

shift_checks = Table(
    "shift_checks",
    metadata,
    Column("check_id", _Id, primary_key=True, autoincrement=True),
    Column("login", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("sound", Boolean, nullable=False),
    Column("light", Boolean, nullable=False),
    Column("device", Text),
    Column("note_seen", BigInteger),
    Index("shift_checks_by_login", "login", "check_id"),
)

shift_notes = Table(
    "shift_notes",
    metadata,
    Column("note_id", _Id, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("login", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("court_id", String(16)),
    Column("text", Text, nullable=False),
)

# Who has read which note. Without a foreign key: both go together, in bounded numbers.
shift_seen = Table(
    "shift_seen",
    metadata,
    Column("note_id", BigInteger, primary_key=True, autoincrement=False),
    Column("login", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("login", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

# Of a key its SHA-256 only. Rows stay when a key has ended: the audit names them.
stream_keys = Table(
    "stream_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("login", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("unit_id", String(32)),
    Column("created_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index("stream_keys_by_login", "login"),
)

# Public keys of units, those of earlier provisionings too: what they have signed stays to be checked.
unit_keys = Table(
    "unit_keys",
    metadata,
    Column("key_id", LargeBinary(8), primary_key=True),
    Column("unit_id", String(32), nullable=False),
    Column("public", LargeBinary(32), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("added_ms", BigInteger, nullable=False),
    Index("unit_keys_by_unit", "unit_id"),
)

# `recording` is 8 bytes in hex. The unit is part of the key: a unit must not be able to name another's recording.
# from_ms, to_ms: the unit's own UTC where it knew it, else ours; heard_ms: when the last of it arrived.
recordings = Table(
    "recordings",
    metadata,
    Column("unit_id", String(32), primary_key=True),
    Column("recording", String(16), primary_key=True),
    Column("court_id", String(16), nullable=False),
    Column("officer", Text, nullable=False),
    Column("case_no", Text),
    Column("alarm_id", LargeBinary(16)),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("last_number", BigInteger),
    Column("deleted_ms", BigInteger),
    Index("recordings_by_time", "from_ms", "unit_id", "recording"),
    Index("recordings_by_court", "court_id", "from_ms"),
    Index("recordings_by_age", "deleted_ms", "heard_ms"),
    Index("recordings_by_alarm", "unit_id", "alarm_id"),
)

# state: growing (no manifest yet), wanted (manifest believed, bytes missing), sealed, deleted. `manifest` as the unit
# sent it, `digest` its SHA-256; first_ms, last_ms: its UTC if believed; `live`: JSON of the ranges that came as they
# were recorded; `foreign`: not a file that our units write; `remote`: its name in the object store while it is there.
segments = Table(
    "segments",
    metadata,
    Column("unit_id", String(32), primary_key=True),
    Column("recording", String(16), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("first_heard_ms", BigInteger, nullable=False),
    Column("last_heard_ms", BigInteger, nullable=False),
    Column("first_ms", BigInteger),
    Column("last_ms", BigInteger),
    Column("size", BigInteger),
    Column("sha256", LargeBinary(32)),
    Column("key_id", LargeBinary(8)),
    Column("seq", BigInteger),
    Column("digest", LargeBinary(32)),
    Column("manifest", LargeBinary),
    Column("sealed_ms", BigInteger),
    Column("live", Text),
    Column("foreign", Boolean, nullable=False),
    Column("remote", Text),
    Index("segments_by_chain", "key_id", "seq"),
    Index("segments_by_state", "state", "remote", "sealed_ms"),
)

# how: `alarm` (the unit's manifest names it) or `time` (it was recorded while the incident was open).
recording_incidents = Table(
    "recording_incidents",
    metadata,
    Column("unit_id", String(32), primary_key=True),
    Column("recording", String(16), primary_key=True),
    Column("incident_id", String(32), primary_key=True),
    Column("how", String(8), nullable=False),
    Index("recording_incidents_by_incident", "incident_id"),
)

# Released ones stay: who held what back, and until when, is part of its history.
holds = Table(
    "holds",
    metadata,
    Column("hold_id", _Id, primary_key=True, autoincrement=True),
    Column("unit_id", String(32), nullable=False),
    Column("recording", String(16), nullable=False),
    Column("placed_ms", BigInteger, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("released_ms", BigInteger),
    Column("released_by", Text),
    Column("release_reason", Text),
    Index("holds_by_recording", "unit_id", "recording"),
)

# Speech to officers, a row a talk (8 bytes in hex). ended_ms None: it goes on, or the gateway was killed meanwhile.
# `why` as gateway.relay.talk_floor.Ended; sha256 None: no speech of it was kept.
talks = Table(
    "talks",
    metadata,
    Column("talk", String(16), primary_key=True),
    Column("unit_id", String(32), nullable=False),
    Column("court_id", String(16), nullable=False),
    Column("officer", Text, nullable=False),
    Column("incident_id", String(32)),
    Column("login", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("aloud", Boolean, nullable=False),
    Column("call", Boolean, nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("why", String(16)),
    Column("packets", Integer),
    Column("dropped", Integer),
    Column("size", Integer),
    Column("sha256", LargeBinary(32)),
    Column("deleted_ms", BigInteger),
    Index("talks_by_unit", "unit_id", "began_ms", "talk"),
    Index("talks_by_incident", "incident_id"),
    Index("talks_by_age", "deleted_ms", "began_ms"),
)
