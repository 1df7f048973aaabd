"""Settings: what is refused, what survives, what provisioning may change; and the events for the next boot."""

import json
import os

from store.errors import SettingError
from store.events import Events
from store.settings import Settings
from store.settings_table import BOOL, CHOICE, ID, INT, TABLE, TEXT

UNIT = {"generation": 1, "unit_id": "unit-7", "court_id": "FZ01", "broker_host": "127.0.0.1", "hold_ms": 0}


def _refused(action, *words):
    try:
        action()
    except SettingError as error:
        assert all(word in str(error) for word in words), str(error)
        return
    raise AssertionError("not refused: %r" % (words,))


def _provision(**values):
    with open("unit.json", "w") as stream:
        json.dump(dict(UNIT, **values), stream)


def test_every_default_is_allowed_and_documented():
    for name, (kind, lowest, highest, default, docs) in TABLE.items():
        assert kind in (INT, BOOL, TEXT, ID, CHOICE) and len(docs) > 10, name
        if default is not None:
            Settings().set(name, default)


def test_a_changed_setting_is_there_after_a_restart():
    settings = Settings()
    assert settings.hold_ms == 1000 and settings["silent"] is True
    assert settings.set("hold_ms", 0) and not settings.set("hold_ms", 0)
    assert settings.set("case_no", "(2026)闽01执7号")
    settings = Settings()
    assert settings.hold_ms == 0 and settings.case_no == "(2026)闽01执7号"


def test_unknown_names_and_bad_values_are_refused_with_what_is_allowed():
    settings = Settings()
    _refused(lambda: settings.set("holdms", 1), "holdms", "no such setting")
    for value in (-1, 5001, "1000", True, None, 1.5, [1]):
        _refused(lambda value=value: settings.set("hold_ms", value), "hold_ms", "from 0 to 5000")
    for value in (3, True, "4", None):
        _refused(lambda value=value: settings.set("mqtt_version", value), "one of 4, 5")
    for value in (0, 1, "true", None):
        _refused(lambda value=value: settings.set("silent", value), "true or false")
    for value in ("", "a" * 33, "a/b", "a b", "案", 5, None):
        _refused(lambda value=value: settings.set("unit_id", value), "1 to 32 letters")
    for value in ("a\nb", "\x7f", "\x85", "\x00"):
        _refused(lambda value=value: settings.set("case_no", value), "no control")
    _refused(lambda: settings.set("case_no", "案" * 33), "0 to 96 bytes")
    _refused(lambda: settings.update({"hold_ms": 500, "keepalive_s": 0}), "keepalive_s")
    assert settings.hold_ms == 1000, "all or nothing"
    try:
        settings.nothing
        raise AssertionError
    except AttributeError:
        pass


def test_provisioning_is_taken_once_and_again_when_newer():
    settings = Settings()
    assert not settings.complete and not settings.import_provisioned()
    _provision()
    assert settings.import_provisioned() and settings.complete and settings.hold_ms == 0
    settings.set("hold_ms", 700)
    settings = Settings()
    assert not settings.import_provisioned() and settings.hold_ms == 700 and settings.unit_id == "unit-7"
    _provision(generation=2, hold_ms=300)
    assert settings.import_provisioned() and Settings().hold_ms == 300 and Settings().provisioned == 2


def test_a_bad_provisioning_file_changes_nothing():
    settings = Settings()
    _provision(hold_ms=99999)
    _refused(settings.import_provisioned, "hold_ms", "99999")
    _provision(wifi="x")
    _refused(settings.import_provisioned, "wifi", "no such setting")
    for generation in (0, "1", None, True):
        _provision(generation=generation)
        _refused(settings.import_provisioned, "generation")
    for text in ("", "[1]", "{", "\xff"):
        with open("unit.json", "w") as stream:
            stream.write(text)
        _refused(settings.import_provisioned, "unit.json", "JSON object")
    assert settings.unit_id is None and settings.provisioned == 0


def test_one_damaged_copy_leaves_the_other():
    for i in range(1, 4):
        Settings().set("hold_ms", i)
    for name, expected in (("settings.a", 2), ("settings.b", 3)):
        with open(name, "rb") as stream:
            whole = stream.read()
        for at in range(len(whole)):
            damaged = bytearray(whole)
            damaged[at] ^= 0x10
            with open(name, "wb") as stream:
                stream.write(damaged)
            assert Settings().hold_ms == expected, (name, at, Settings().hold_ms)
        with open(name, "wb") as stream:
            stream.write(whole)
    os.remove("settings.a")
    os.remove("settings.b")
    assert Settings().hold_ms == 1000


def test_a_stored_value_that_an_update_no_longer_allows_becomes_the_default():
    settings = Settings()
    settings._copies.save(json.dumps({"hold_ms": 77777, "gone": 1, "keepalive_s": 60}).encode())
    settings = Settings()
    assert settings.hold_ms == 1000 and settings.keepalive_s == 60
    assert sorted(settings.refused) == ["gone", "hold_ms"]


def test_the_last_events_and_the_traceback_are_there_at_the_next_boot():
    events = Events(boot=1)
    assert events.previous == [] and events.previous_traceback == "" and events.latest() is None
    for i in range(70):
        events.add("event %d " % i + "x" * 300, i)
    try:
        raise RuntimeError("the task died")
    except RuntimeError as error:
        assert events.crash(error, 99)
    events = Events(boot=2)
    assert len(events.previous) == 50 and events.previous[-1] == [
        1,
        99,
        "crash: RuntimeError('the task died',)",
    ]
    assert all(len(text) <= 120 for _, _, text in events.previous)
    assert "the task died" in events.previous_traceback and len(events.previous_traceback) <= 1500


def test_events_are_written_rarely():
    events = Events()
    assert not events.due(10000000)
    events.add("one", 0)
    assert not events.due(599999) and events.due(600000) and events.flush(600000)
    generation = events._copies.generation
    events.add("two", 600001)
    assert not events.due(1100000)
    assert events.flush(600002) and events.flush(600003) and events._copies.generation == generation + 1


def test_events_of_a_damaged_file_are_forgotten_not_fatal():
    events = Events()
    for stored in (b"[]", b'{"events": 5}', b'{"events": [[1]]}', b'{"events": [["a", 1, "x"]]}', b"\xff"):
        events._copies.save(stored)
        assert Events().previous == []


def test_a_full_disk_is_counted_by_events():
    events = Events(home="no/such/folder")
    events.add("x", 0)
    assert not events.flush(0) and events.lost == 1
