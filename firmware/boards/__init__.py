"""The boards: the only places that know hardware.

A board is an object with

    home                  the unit's directory
    gnss                  has `async readinto(buffer) -> int`: bytes of NMEA
    on_edge               set by the program: called at each edge of the button with True (down) or False, and with how
                          many ms ago it was: a busy loop must not make a long press short
    on_utc                set by the program: called with UTC seconds since 1970 when the network tells the time
    on_fault              set by the program: called with (kind, name) when a fault is to be played (simulator)
    button_down()         the level now
    motor(strength_pct)   vibrates at 1 to 100 per cent, 0 stops
    led(on)               switches
    battery()             (percent, millivolt, charging), each None when not known
    storage()             (free KiB, total KiB)
    signal()              (dBm, name of the network)
    rtc_utc_s()           what the battery clock says, 0 when it does not know
    keep_utc_s(utc_s)     sets the battery clock
    assume_utc_s(utc_s)   sets it so that certificates hold; rtc_utc_s() goes on saying 0
    open_stream           as mqtt.stream.open_stream
    feed()                feeds the watchdog, which starts with the first feed
    reset()               starts the unit anew; does not return
    tasks()               [(name, coroutine function of a heart, heart limit in ms)]
    camera                None, or has `async frame()`: a buffer with a JPEG, good until the next call; width, height;
                          late_ms, how long ago it was taken then; configure(width, height, fps, most_bytes)
    microphone            None, or has `async readinto(buffer) -> int`: 16-bit samples, 16 kHz, one channel
    speaker               None, or has `async play(samples)`: 16 bits, 16 kHz, one channel; returns when the hardware
                          has taken all of them, which plays silence when it has none
    card()                the card's folder, mounted if need be; None without a card
    card_lost()           the card has refused something: `card` mounts it anew
    card_space()          (KiB free, KiB in all) of the card, each None when not known
    show(what, **facts)   tells whoever watches the board (simulator); the ESP32 has nobody

and nothing else of the program knows where it runs.
"""


def load(name: str):
    """The board of that name: `sim` or `esp32s3`. Raises ImportError for any other."""
    if name == "sim":
        from boards.sim import make
    elif name == "esp32s3":
        from boards.esp32s3 import make
    else:
        raise ImportError("no board %s: TIPSTAFF_BOARD is sim or esp32s3" % name)
    return make()
