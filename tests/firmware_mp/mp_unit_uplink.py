"""What comes in: commands once, receipts to the alarms, and garbage answered, counted and survived."""

import os

from bodyunit.commands import REMEMBERED, Commands, shortened
from bodyunit.uplink import WAITING_REPLIES, Uplink, reference
from protocol import messages
from protocol.talk import Packet
from store.settings import Settings

STAMP = messages.Stamp(utc_s=0, utc_ms=0, quality=0, mono_ms=1, boot=1)


class Clock:
    now_s = 1_760_000_000

    def utc_s(self):
        return self.now_s


class Scene:
    def __init__(self):
        self.counts = {}
        self.noted = 0
        self.receipts = []
        self.stored = []
        self.located = 0
        self.tests = 0
        self.changes = 0
        self.has_fix = True
        self.clock = Clock()
        self.settings = Settings(".")
        self.commands = Commands(
            self.clock, self.settings, self._locate, self._test, self._changed, ("hold_ms", "silent")
        )
        self.uplink = Uplink("350102", "u1001", self._count, self._note, lambda: STAMP)
        self.uplink.on_receipt = self.receipts.append
        self.uplink.on_command = self.commands.carry_out
        self.uplink.on_talk = Packet().take
        self.uplink.on_want = lambda want: self.stored.extend(want.stored_batches)

    def _note(self, text):
        self.noted += 1

    def _count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def _locate(self):
        self.located += 1
        return self.has_fix

    def _test(self, command_id):
        assert len(command_id) == 8
        self.tests += 1
        return True

    def _changed(self):
        self.changes += 1

    def down(self, leaf, payload):
        self.uplink.received("tip/1/350102/u1001/down/" + leaf, memoryview(payload), 1)

    def command(self, kind, name=None, value=None, command_id=None, expires_s=1_760_000_060):
        command = messages.Command(
            command_id=command_id or os.urandom(8), kind=kind, expires_s=expires_s, name=name, value=value
        )
        self.down("command", command.encode())
        return self.uplink._replies.pop()


def test_repeated_command_is_done_once_and_answered_again():
    scene = Scene()
    first = scene.command(messages.TEST_ALARM, command_id=b"12345678")
    again = scene.command(messages.TEST_ALARM, command_id=b"12345678")
    assert scene.tests == 1 and first.outcome == again.outcome == messages.DONE and again.ref == b"12345678"


def test_memory_of_commands_is_bounded():
    scene = Scene()
    for number in range(3 * REMEMBERED):
        scene.command(messages.LOCATE)
    assert len(scene.commands._done) == REMEMBERED


def test_late_command_is_expired_but_not_when_the_time_is_unknown():
    scene = Scene()
    late = scene.command(messages.LOCATE, expires_s=1_759_999_990)
    assert late.outcome == messages.EXPIRED and late.detail == "10 s too late" and scene.located == 0
    scene.clock.now_s = 0
    assert scene.command(messages.LOCATE, expires_s=5).outcome == messages.DONE and scene.located == 1


def test_locate_without_a_fix_says_so():
    scene = Scene()
    scene.has_fix = False
    assert scene.command(messages.LOCATE).detail == "no fix yet: the first one will be sent"


def test_setting_is_set_or_refused_with_the_reason():
    scene = Scene()
    assert scene.command(messages.SETTING, "hold_ms", 500).outcome == messages.DONE
    assert scene.settings.hold_ms == 500 and Settings(".").hold_ms == 500 and scene.changes == 1
    refused = scene.command(messages.SETTING, "hold_ms", 99_999)
    assert refused.outcome == messages.REFUSED and "5000" in refused.detail
    for name, value in (("broker_host", "elsewhere"), ("unit_id", "u2"), ("nonsense", 1), (None, 1)):
        assert scene.command(messages.SETTING, name, value).outcome == messages.REFUSED
    assert scene.settings.hold_ms == 500


def test_switch_is_set_by_number():
    scene = Scene()
    assert scene.settings.silent is True
    assert scene.command(messages.SETTING, "silent", 0).outcome == messages.DONE
    assert scene.settings.silent is False and Settings(".").silent is False
    assert (
        scene.command(messages.SETTING, "silent", 1).outcome == messages.DONE
        and scene.settings.silent is True
    )
    for value in (2, -1, "false"):
        assert scene.command(messages.SETTING, "silent", value).outcome == messages.REFUSED


def test_case_number_is_set_and_cleared():
    scene = Scene()
    assert scene.command(messages.CASE, value="（2026）闽0102执123号").outcome == messages.DONE
    assert scene.settings.case_no == "（2026）闽0102执123号"
    assert scene.command(messages.CASE, value=7).outcome == messages.REFUSED
    assert scene.command(messages.CASE, value="x" * 150).outcome == messages.REFUSED
    assert scene.command(messages.CASE).outcome == messages.DONE and scene.settings.case_no == ""


def test_unknown_command_is_answered_unknown():
    assert Scene().command(99).outcome == messages.UNKNOWN


def test_fault_in_carrying_out_is_answered_and_survived():
    scene = Scene()

    def breaks(command):
        raise RuntimeError("broken")

    scene.uplink.on_command = breaks
    reply = scene.command(messages.LOCATE)
    assert reply.outcome == messages.REFUSED and reply.detail == "RuntimeError"


def test_receipt_and_want_reach_their_parts():
    scene = Scene()
    receipt = messages.Receipt(alarm_id=bytes(16), status=1, seq=1, at_s=1)
    scene.down("alarm", receipt.encode())
    scene.down("want", messages.Want(stored_batches=[5, 6]).encode())
    assert scene.receipts == [receipt] and scene.stored == [5, 6] and scene.counts == {}


def test_garbage_is_counted_and_never_raises():
    scene = Scene()
    good = messages.Command(command_id=b"12345678", kind=1, expires_s=2_000_000_000).encode()
    sent = 0
    for leaf in ("alarm", "command", "want", "talk"):
        for size in range(len(good)):
            scene.down(leaf, good[:size])
            sent += 1
        for _ in range(200):
            payload = bytearray(os.urandom(40))
            payload[0] = 0xA4
            scene.down(leaf, payload)
            sent += 1
    scene.uplink.received("elsewhere", memoryview(b""), 0)
    scene.uplink.received("tip/1/350102/u1001/down/nothing", memoryview(good), 0)
    assert scene.counts["inbound_refused"] > sent * 9 // 10
    assert len(scene.uplink._replies) <= WAITING_REPLIES


def test_unknown_version_is_answered_with_the_version_that_is_spoken():
    scene = Scene()
    payload = bytearray(messages.Command(command_id=b"12345678", kind=1, expires_s=2_000_000_000).encode())
    assert payload[1:3] == b"\x00\x01"
    payload[2] = 2
    scene.down("command", payload)
    reply = scene.uplink._replies.pop()
    assert reply.ref == b"12345678" and reply.outcome == messages.REFUSED and "version 1" in reply.detail
    assert scene.located == 0 and scene.counts == {"inbound_refused": 1}


def test_replies_are_bounded_and_the_newest_for_a_ref_wins():
    uplink = Scene().uplink
    for number in range(100):
        uplink.reply(messages.Reply(ref=bytes([number] * 8), outcome=0))
    assert len(uplink._replies) == WAITING_REPLIES and uplink.replies_dropped == 100 - WAITING_REPLIES
    uplink.reply(messages.Reply(ref=bytes([99] * 8), outcome=1))
    assert len(uplink._replies) == WAITING_REPLIES and uplink._replies[-1].outcome == 1


def test_reference_is_found_only_where_it_is():
    assert reference(messages.Receipt(alarm_id=bytes(16), status=1, seq=1, at_s=1).encode()) == bytes(16)
    for payload in (b"", b"\xa1\x01\x05", b"\x05", b"\xa1\x01\x43abc"):
        assert reference(payload) is None


def test_text_is_shortened_to_bytes_without_control_characters():
    assert shortened("a\nb\x00c") == "a b c"
    assert len(shortened("法" * 300).encode()) <= 200
    assert shortened("法" * 300, 9) == "法法法"
