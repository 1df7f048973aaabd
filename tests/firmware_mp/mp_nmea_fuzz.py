"""Whatever a UART brings: counters only, one line of memory, and quickly."""

import gc
import time

from drivers.nmea import Parser
from mp_nmea_sentences import gga, line, rmc

STREAM = b"".join(
    line(rmc("0203%02d.00" % s)) + line("GPGSV,3,1,09,01,05,310,33") + line(gga("0203%02d.00" % s))
    for s in range(5)
)


def _fed(data, size):
    epochs = []
    parser = Parser(lambda epoch: epochs.append((epoch.utc_s, epoch.lat_e7, epoch.lon_e7, epoch.altitude_dm)))
    buffer = bytearray(512)
    for start in range(0, len(data), size):
        part = data[start : start + size]
        buffer[: len(part)] = part
        parser.feed(buffer, len(part))
    parser.flush()
    return parser, epochs


def _random(seed=1):
    while True:
        seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
        yield (seed >> 8) & 0xFF


def test_every_split_gives_the_same_positions():
    expected = _fed(STREAM, 512)[1]
    assert len(expected) == 5
    for size in list(range(1, 90)) + [128, 256]:
        assert _fed(STREAM, size)[1] == expected, size


def test_every_prefix_and_what_follows_it_is_survived():
    for length in range(len(line(rmc()))):
        parser, epochs = _fed(line(rmc())[:length] + STREAM, 64)
        assert 4 <= len(epochs) <= 6, length
        assert parser.epochs == len(epochs)


def test_every_flipped_bit_costs_one_sentence_and_invents_nothing():
    good = _fed(STREAM, 512)[1]
    one = line(rmc("020300.00")) + line(gga("020300.00"))
    for at in range(len(one)):
        for bit in range(8):
            data = bytearray(one)
            data[at] ^= 1 << bit
            parser, epochs = _fed(data, 64)
            for utc_s, lat_e7, lon_e7, _ in epochs:
                assert (lat_e7, lon_e7) == good[0][1:3] and utc_s in (0, good[0][0]), (at, bit)
            assert parser.sentences >= (0 if data[at] == 10 or one[at] == 10 else 1), (at, bit)


def test_random_garbage_gives_no_position():
    random = _random()
    parser, epochs = _fed(bytes(next(random) for _ in range(60000)), 64)
    assert not epochs and parser.sentences == 0
    alphabet = b"$GPRMCGA,,,,.0123456789*\r\nNSEWAV-"
    parser, epochs = _fed(bytes(alphabet[next(random) % len(alphabet)] for _ in range(60000)), 64)
    assert not epochs and parser.ignored + parser.bad_checksum + parser.oversize > 100


def test_fields_of_random_text_under_a_right_checksum_are_never_fatal():
    random = _random(7)
    alphabet = b"0123456789.-+NSEWAV,,,_ x"
    for _ in range(3000):
        body = (b"GPRMC,", b"GNGGA,", b"BDGSA,", b"GQVTG,")[next(random) % 4]
        body += bytes(alphabet[next(random) % len(alphabet)] for _ in range(next(random) % 70))
        parser, _ = _fed(line(body.decode()), 64)
        assert parser.sentences + parser.malformed == 1


def test_ten_megabytes_without_an_end_are_one_counted_line():
    epochs = []
    parser = Parser(lambda epoch: epochs.append(epoch.utc_s))
    buffer = bytearray(b"$GPRMC,1" * 64)
    gc.collect()
    used = gc.mem_alloc()
    begin = time.ticks_ms()
    for _ in range(10000000 // len(buffer)):
        parser.feed(buffer, len(buffer))
    took_ms = time.ticks_diff(time.ticks_ms(), begin)
    gc.collect()
    assert parser.oversize == 1 and not epochs and gc.mem_alloc() - used < 1024
    assert took_ms < 5000, took_ms
    data = b"\n" + STREAM
    parser.feed(data, len(data))
    assert len(epochs) == 5


def test_a_feed_of_64_bytes_is_a_short_step():
    parser = Parser(lambda epoch: None)
    view = memoryview(STREAM)
    steps = []
    for _ in range(40):
        gc.collect()
        for start in range(0, len(STREAM) - 64, 64):
            part = view[start : start + 64]
            begin = time.ticks_us()
            parser.feed(part, 64)
            steps.append(time.ticks_diff(time.ticks_us(), begin))
    steps.sort()
    print(
        "feed of 64 bytes: median %d us, 99 %% %d us"
        % (steps[len(steps) // 2], steps[len(steps) * 99 // 100])
    )
    assert steps[len(steps) // 2] < 300


def test_feeding_leaves_nothing_behind():
    parser = Parser(lambda epoch: None)
    buffer = bytearray(STREAM[:512])
    parser.feed(buffer, 512)
    gc.collect()
    used = gc.mem_alloc()
    for _ in range(200):
        parser.feed(buffer, 512)
    gc.collect()
    assert gc.mem_alloc() - used < 512
