"""Speech to the officer: when it begins and ends, what is dropped, what is filled, and that nothing grows."""

import asyncio
import gc
import struct

from boards.sim.scripted import ScriptedSpeaker
from bodyunit.talk import Speech
from drivers import alaw
from protocol import messages
from protocol.errors import ProtocolError
from protocol.talk import ALOUD, LAST, Packet, Talk
from unit_world import Heart, World, virtual_time

TIME = virtual_time()
ONE, OTHER = b"talk-one", b"talk-two"


def level(number):
    """The byte of a packet: each has a level of its own, from 528 to 32,256."""
    return (0x80 | 32 + number % 96) ^ 0x55


NUMBERS = {alaw.decoded(level(number)): number for number in range(96)}


def packet(number, talk=ONE, flags=0, sound=None):
    sound = bytes([level(number)] * 320) if sound is None else sound
    return memoryview(Talk(talk=talk, number=number, flags=flags, sound=sound).encode())


def samples(data):
    return struct.unpack("<%dh" % (len(data) // 2), data)


class Mouth:
    """A Speech with its loudspeaker, in virtual time."""

    def __init__(self):
        virtual_time(TIME)
        self.counts = {}
        self.quiet = False
        self.speaker = ScriptedSpeaker()
        self.speech = Speech(lambda: TIME.now, self.speaker, lambda: self.quiet, self._count)
        self.task = asyncio.create_task(self.speech.run(Heart()))
        self.began_ms = TIME.now

    def _count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def say(self, *numbers, **facts):
        for number in numbers:
            self.speech.take(packet(number, **facts))

    def heard(self):
        """(ms since this was made, number of the packet; -1 for silence), by the middle of each 20 ms."""
        found = []
        for at_ms, data in self.speaker.played:
            middle = samples(data)[200]
            # -2: a pause of the speech itself.
            found.append((at_ms - self.began_ms, NUMBERS.get(middle, -1 if middle == 0 else -2)))
        return found

    def numbers(self):
        return [number for _, number in self.heard()]

    async def end(self):
        self.task.cancel()
        await asyncio.sleep_ms(1)


async def speak(mouth, numbers, **facts):
    for number in numbers:
        mouth.say(number, **facts)
        await asyncio.sleep_ms(20)


async def test_speech_begins_after_60_ms_and_runs_on_without_a_gap():
    mouth = Mouth()
    await speak(mouth, range(50))
    mouth.say(50, flags=LAST)
    await asyncio.sleep_ms(400)
    heard = mouth.heard()
    assert [number for _, number in heard] == list(range(51))
    assert [at_ms for at_ms, _ in heard] == list(range(40, 40 + 51 * 20, 20))
    assert mouth.counts == {"talk_played": 51}
    await mouth.end()


async def test_short_word_is_played_without_waiting_for_more():
    mouth = Mouth()
    mouth.say(0)
    mouth.say(1, flags=LAST)
    await asyncio.sleep_ms(50)
    assert mouth.heard()[0][0] == 0 and mouth.numbers() == [0, 1]
    # One packet alone, whose end was lost.
    await asyncio.sleep_ms(500)
    mouth.say(0, talk=OTHER)
    await asyncio.sleep_ms(100)
    assert mouth.heard()[2] == (610, 0)
    await mouth.end()


async def test_hole_is_filled_with_a_sound_that_fades_and_one_that_rises():
    mouth = Mouth()
    await speak(mouth, [0, 1, 2, 3, 6, 7])
    await asyncio.sleep_ms(60)
    assert mouth.numbers()[:8] == [0, 1, 2, 3, -1, -1, 6, 7]
    hole = samples(mouth.speaker.played[4][1])
    last = samples(mouth.speaker.played[3][1])[-1]
    assert 0 <= last - hole[0] < 20 and 0.45 * last < hole[40] < 0.55 * last and set(hole[80:]) == {0}
    for before, after in zip(hole, hole[1:]):
        assert 0 <= before - after < 20
    rises = samples(mouth.speaker.played[6][1])
    assert (
        rises[0] == 0
        and 2 * rises[40] in range(rises[80] - 2, rises[80] + 3)
        and rises[80] == rises[-1] > 500
    )
    await mouth.end()


async def test_speech_that_is_held_up_is_heard_late_but_never_by_more_than_200_ms():
    mouth = Mouth()
    await speak(mouth, range(10))
    await asyncio.sleep_ms(380)
    # All at once, as TCP gives it after a stall: 20 packets with the next, of which the newest ten are worth playing.
    mouth.say(*range(10, 29))
    await speak(mouth, range(29, 60))
    mouth.say(60, flags=LAST)
    await asyncio.sleep_ms(500)
    numbers = [number for number in mouth.numbers() if number >= 0]
    assert numbers == list(range(10)) + list(range(20, 61)), numbers
    assert mouth.counts["talk_dropped"] == 10
    late_ms = [at_ms - 20 * number for at_ms, number in mouth.heard() if number >= 30]
    assert max(late_ms) <= 240, max(late_ms)
    await mouth.end()


async def test_speech_that_the_gateway_dropped_meanwhile_is_not_waited_for_twice():
    mouth = Mouth()
    await speak(mouth, range(10))
    await asyncio.sleep_ms(300)
    await speak(mouth, range(25, 40))
    late_ms = [at_ms - 20 * number for at_ms, number in mouth.heard() if number >= 25]
    assert late_ms and max(late_ms) <= 60, late_ms
    await mouth.end()


async def test_delay_is_made_up_in_a_pause_of_the_speech():
    mouth = Mouth()
    mouth.say(*range(10))
    await speak(mouth, range(10, 20))
    before_ms = mouth.heard()[-1][0] - 20 * mouth.heard()[-1][1]
    await speak(mouth, range(20, 40), sound=bytes([alaw.encoded(8)] * 320))
    await speak(mouth, range(40, 50))
    mouth.say(50, flags=LAST)
    await asyncio.sleep_ms(400)
    at_ms, number = mouth.heard()[-1]
    assert number == 50 and at_ms - 20 * number <= before_ms - 60
    await mouth.end()


async def test_talk_ends_500_ms_after_its_newest_packet():
    mouth = Mouth()
    await speak(mouth, range(5))
    await asyncio.sleep_ms(470)
    mouth.say(0, talk=OTHER)
    assert mouth.counts["talk_dropped"] == 1
    await asyncio.sleep_ms(60)
    assert not mouth.speech._talking
    spoken = len(mouth.speaker.played)
    await asyncio.sleep_ms(1000)
    assert len(mouth.speaker.played) == spoken
    mouth.say(1, 2, 3, talk=OTHER)
    await asyncio.sleep_ms(100)
    assert [number for number in mouth.numbers() if number >= 0] == [0, 1, 2, 3, 4, 1, 2, 3]
    await mouth.end()


async def test_one_talk_at_a_time_and_none_twice():
    mouth = Mouth()
    mouth.say(0, 1, 1, 0, 2)
    mouth.say(0, 1, talk=OTHER)
    assert mouth.counts == {"talk_dropped": 4}
    mouth.say(3, flags=LAST)
    await asyncio.sleep_ms(200)
    # A straggler of the talk that is over begins nothing.
    mouth.say(2)
    await asyncio.sleep_ms(200)
    assert mouth.numbers() == [0, 1, 2, 3] and mouth.counts == {"talk_dropped": 5, "talk_played": 4}
    mouth.say(7, talk=OTHER, flags=LAST)
    await asyncio.sleep_ms(200)
    assert mouth.numbers()[4:] == [7]
    await mouth.end()


async def test_silent_unit_says_nothing_but_what_is_aloud():
    mouth = Mouth()
    mouth.quiet = True
    await speak(mouth, range(5))
    assert not mouth.speaker.played and mouth.counts == {"talk_dropped": 5} and not mouth.speech.mutes
    await speak(mouth, range(5, 10), flags=ALOUD)
    assert mouth.numbers()[:3] == [5, 6, 7]
    await asyncio.sleep_ms(700)
    # It becomes silent in the middle of a word: nothing of what waits is heard any more.
    mouth.quiet = False
    before = len(mouth.speaker.played)
    mouth.say(*range(8), talk=OTHER)
    await asyncio.sleep_ms(30)
    mouth.quiet = True
    await asyncio.sleep_ms(300)
    assert 1 <= len([n for n in mouth.numbers()[before:] if n >= 0]) <= 4
    assert mouth.counts["talk_dropped"] >= 9
    await mouth.end()


async def test_live_sound_is_muted_while_it_speaks_and_300_ms_after():
    mouth = Mouth()
    assert not mouth.speech.mutes
    await speak(mouth, range(10))
    assert mouth.speech.mutes
    mouth.say(10, flags=LAST)
    while len(mouth.speaker.played) < 11:
        await asyncio.sleep_ms(5)
    over_ms = mouth.speaker.played[-1][0] + 20
    await asyncio.sleep_ms(over_ms + 290 - TIME.now)
    assert mouth.speech.mutes
    await asyncio.sleep_ms(60)
    assert not mouth.speech.mutes
    await mouth.end()


async def test_no_memory_is_taken_by_speech():
    mouth = Mouth()
    packets = [packet(number) for number in range(400)]
    for part in packets[:200]:
        mouth.speech.take(part)
        await asyncio.sleep_ms(20)
    gc.collect()
    before, most = gc.mem_alloc(), 0
    mouth.speaker.played.clear()
    for part in packets[200:]:
        free = gc.mem_free()
        mouth.speech.take(part)
        most = max(most, free - gc.mem_free())
        await asyncio.sleep_ms(20)
        mouth.speaker.played.clear()
    gc.collect()
    assert most <= 512, most
    assert gc.mem_alloc() - before <= 2048, gc.mem_alloc() - before
    await mouth.end()


def test_packet_reads_what_the_decoder_reads_and_refuses_what_it_refuses():
    place = Packet()
    good = [packet(number, flags=flags, sound=bytes(size)) for number, flags, size in
            ((0, 0, 320), (23, 3, 0), (24, 23, 23), (255, 24, 24), (256, 255, 255), (65535, 0, 256), (65536, 1, 1),
             (4294967295, 2, 320))]  # fmt: skip
    more = bytearray(good[0]) + b"\x18\x5a\x05"
    more[0] = 0xA6
    good.append(memoryview(more))
    for data in good:
        place.take(data)
        same(place, Talk.decode(data))
    for data in good:
        for i in list(range(min(len(data), 30))) + [len(data) - 1]:
            for flip in (1, 2, 4, 8, 16, 32, 64, 128, 255):
                changed = bytearray(data)
                changed[i] ^= flip
                agrees(place, changed)
        for size in list(range(30)) + [len(data) - 1, len(data)]:
            agrees(place, bytes(data[:size]))
            agrees(place, bytes(data[:size]) + b"\x00")


def same(place, message):
    assert bytes(place.talk) == message.talk and bytes(place.sound) == message.sound
    assert (place.number, place.flags) == (message.number, message.flags)


def agrees(place, data):
    try:
        message = Talk.decode(data)
    except ProtocolError:
        try:
            place.take(memoryview(data))
        except ProtocolError:
            return
        raise AssertionError("accepted: %r" % data)
    place.take(memoryview(data))
    same(place, message)


async def test_unit_says_beforehand_whether_it_would_be_heard():
    def ready(board):
        board.speaker = ScriptedSpeaker()

    world = World(TIME, (messages.STORED,), ready)
    world.start()
    await asyncio.sleep_ms(1000)
    assert world.client.of("state")[-1].speaker == messages.SPEAKER_SILENT
    world.client.down("talk", bytes(packet(0)))
    world.client.down("talk", b"garbage")
    world.client.down("talk", b"")
    command = messages.Command(
        command_id=b"12345678", kind=messages.SETTING, expires_s=2_000_000_000, name="silent", value=0
    )
    world.client.down("command", command.encode())
    await asyncio.sleep_ms(2500)
    assert world.client.of("state")[-1].speaker == messages.SPEAKER_PLAYS
    counters = world.unit.counters
    assert counters["talk_dropped"] == 1 and counters["inbound_refused"] == 2
    assert len(world.client.of("reply")) == 1
    for number in range(10):
        world.client.down("talk", bytes(packet(number)))
        await asyncio.sleep_ms(20)
    await asyncio.sleep_ms(100)
    assert counters["talk_played"] == 10 and world.board.speaker.played
    await world.press()
    await asyncio.sleep_ms(2500)
    # An alarm of a unit that is not silent is not silent.
    assert world.client.of("state")[-1].speaker == messages.SPEAKER_PLAYS
    await world.stop()


async def test_unit_without_a_loudspeaker_counts_what_it_is_told():
    world = World(TIME)
    world.start()
    await asyncio.sleep_ms(500)
    world.client.down("talk", bytes(packet(0)))
    assert world.client.of("state")[-1].speaker is None and world.unit.counters["talk_dropped"] == 1
    await world.stop()


def test_alaw_comes_back_as_it_went():
    decoder = alaw.Decoder()
    for code in range(256):
        assert alaw.encoded(alaw.decoded(code)) == code
    for sample in range(-32768, 32768, 37):
        error = abs(alaw.decoded(alaw.encoded(sample)) - sample)
        assert error <= max(8, abs(sample) >> 5), (sample, error)
    pcm = bytearray(8)
    assert decoder.decode(bytes([alaw.encoded(v) for v in (0, -20000, 300)]), pcm) in range(19500, 20500)
    found = samples(bytes(pcm))
    assert found[0] == 8 and -20500 < found[1] < -19500 and found[3] == 0
    try:
        decoder.decode(bytes(5), pcm)
    except ValueError:
        return
    raise AssertionError("written beyond the end")
