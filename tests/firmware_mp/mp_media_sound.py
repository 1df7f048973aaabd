"""Sound on the unit, each part alone: its codecs, and its clock."""

from drivers import adpcm, alaw
from drivers.sound_clock import SoundClock
from noise import lcg


def test_alaw_is_that_of_g711():
    # ITU-T G.711, table 1a: decision values and codes, as 16-bit samples.
    for sample, code in (
        (0, 0xD5),
        (-1, 0x55),
        (8, 0xD5),
        (32767, 0xAA),
        (-32768, 0x2A),
        (1000, 0xFA),
        (-1000, 0x7A),
    ):
        assert alaw.encoded(sample) == code, (sample, hex(alaw.encoded(sample)))
    coder = alaw.Encoder(3)
    pcm = b"".join([(value & 0xFFFF).to_bytes(2, "little") for value in (0, -1, 1000)])
    assert bytes(coder.encode(pcm)) == bytes((0xD5, 0x55, 0xFA))
    try:
        coder.encode(bytes(4))
    except ValueError:
        return
    raise AssertionError("too short")


def decoded_adpcm(block):
    guess = int.from_bytes(block[:2], "little")
    guess -= 65536 if guess >= 32768 else 0
    index = block[2]
    found = [guess]
    for byte in block[4:]:
        for code in (byte & 15, byte >> 4):
            step = adpcm.STEPS[index]
            moved = step >> 3
            for bit in (0, 1, 2):
                moved += step >> bit if code & 4 >> bit else 0
            guess = max(-32768, min(32767, guess - moved if code & 8 else guess + moved))
            index = max(0, min(88, index + (-1, -1, -1, -1, 2, 4, 6, 8)[code & 7]))
            found.append(guess)
    return found


def test_adpcm_comes_back_close_to_what_it_was():
    coder = adpcm.Encoder()
    assert coder.samples == 505
    for _ in range(3):
        wave = [(i * 37 % 200 - 100) * 80 for i in range(505)]
        pcm = b"".join([(value & 0xFFFF).to_bytes(2, "little") for value in wave])
        found = decoded_adpcm(bytes(coder.encode(pcm)))
    assert len(found) == 505 and found[0] == wave[0]
    error = sum([abs(a - b) for a, b in zip(found[100:], wave[100:])]) // 405
    assert error < 2500, error


def test_sound_stays_with_its_clock_through_jitter_drift_and_a_gap():
    """Arrivals up to 25 ms late, a quartz that is 200 ppm off: never more than 10 ms from the truth."""
    for rate_e6 in (16_000_000_000 - 3_200_000, 16_000_000_000 + 3_200_000):
        clock = SoundClock()
        noise = lcg(7)
        samples = 0
        worst = 0
        for i in range(45_000):
            true_ms = samples * 1_000_000_000 // rate_e6
            samples += 640
            end_ms = samples * 1_000_000_000 // rate_e6
            late_ms = next(noise) % 26 if i % 9 else 0
            began_ms = clock.took(640, end_ms + late_ms)
            if i > 50:
                worst = max(worst, abs(began_ms - true_ms))
        assert worst <= 10 and clock.gaps == 0, worst
    clock = SoundClock()
    now_ms = 0
    for _ in range(100):
        now_ms += 40
        clock.took(640, now_ms)
    now_ms += 500
    for _ in range(30):
        now_ms += 40
        began_ms = clock.took(640, now_ms)
    assert clock.gaps == 1 and abs(began_ms - (now_ms - 40)) <= 5
    assert 450 <= clock.gap_ms <= 500


def test_sound_that_was_held_up_and_came_after_all_is_not_counted_as_missing():
    """A second in which nothing is read; then as slowly as it is spoken for a while, as if it were gone; then all of
    it as fast as it can be read, or all but 320 ms of it."""
    for lost_ms, slow in ((0, 0), (0, 30), (320, 30), (320, 0)):
        clock = SoundClock()
        now_ms = 0
        for _ in range(100):
            now_ms += 40
            clock.took(640, now_ms)
        now_ms += 1000
        for _ in range(slow):
            now_ms += 40
            clock.took(640, now_ms)
        assert clock.gap_ms >= 900 or not slow
        for _ in range((1000 - lost_ms) // 40):
            clock.took(640, now_ms)
        for _ in range(60):
            now_ms += 40
            began_ms = clock.took(640, now_ms)
        assert abs(began_ms - (now_ms - 40)) <= 5
        assert abs(clock.gap_ms - lost_ms) <= 40, clock.gap_ms


def test_sound_that_waited_before_anybody_listened_is_given_no_wrong_time():
    """1.28 s of it come in lumps of four packets, as fast as they are read; then all come when they are spoken."""
    clock = SoundClock()
    spoken_ms, now_ms, kept = 0, 1280, 0
    for i in range(200):
        spoken_ms += 40
        if spoken_ms > 1280:
            now_ms = max(now_ms, spoken_ms)
        elif i % 4 == 0:
            now_ms += 3
        began_ms = clock.took(640, now_ms - (3 - i % 4) * 40 if spoken_ms <= 1280 else now_ms)
        if clock.settled:
            kept += 1
            assert abs(began_ms - (spoken_ms - 40)) <= 10, (i, began_ms, spoken_ms)
    assert kept > 150
