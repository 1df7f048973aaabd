"""The unit's settings: name -> (kind, lowest, highest, default, what it is).

kind INT: a number from lowest to highest. kind BOOL: True or False. kind TEXT: lowest..highest bytes of UTF-8.
kind ID: as TEXT, of A-Z a-z 0-9 _ - only. CHOICE: `lowest` is the tuple of what is allowed.
A default of None means that the unit does not run until it is provisioned.
"""

INT, BOOL, TEXT, ID, CHOICE = 1, 2, 3, 4, 5

TABLE = {
    "unit_id": (ID, 1, 32, None, "the unit's name on the wire and in its certificate"),
    "court_id": (ID, 1, 16, None, "the court the unit belongs to"),
    "broker_host": (TEXT, 1, 253, None, "name or address of the broker"),
    "broker_port": (INT, 1, 65535, 8883, "TCP port of the broker"),
    "broker_name": (TEXT, 0, 253, "", "name in the broker's certificate; empty: broker_host"),
    "mqtt_version": (CHOICE, (4, 5), None, 4, "4 is MQTT 3.1.1, 5 is MQTT 5"),
    "keepalive_s": (INT, 5, 600, 15, "MQTT keep-alive"),
    "case_no": (TEXT, 0, 96, "", "number of the case that the officer works on; empty: none"),
    "hold_ms": (INT, 0, 5000, 1000, "how long the button is held for an alarm; 0: at the edge"),
    "resend_first_ms": (INT, 200, 5000, 1000, "pause between alarm repeats in the first 10 s"),
    "resend_then_ms": (INT, 500, 10000, 2000, "pause between alarm repeats after that, first value"),
    "resend_most_ms": (INT, 1000, 60000, 5000, "longest pause between alarm repeats"),
    "stored_within_ms": (INT, 1000, 60000, 10000, "no STORED for so long: the unit says nobody_yet"),
    "acknowledged_within_ms": (INT, 5000, 300000, 30000, "no ACKNOWLEDGED for so long after: nobody_yet"),
    "nobody_again_ms": (INT, 10000, 600000, 60000, "pause between nobody_yet patterns"),
    "fix_moving_s": (INT, 1, 600, 5, "pause between positions while moving"),
    "fix_still_s": (INT, 1, 3600, 60, "pause between positions while standing"),
    "fix_alarmed_s": (INT, 1, 60, 1, "pause between positions while an alarm is open"),
    "moving_cm_s": (INT, 10, 1000, 70, "speed from which the unit counts as moving"),
    "state_s": (INT, 5, 3600, 30, "pause between state reports"),
    "silent": (BOOL, None, None, True, "no sound, and no light but that of watched_shown"),
    "watched_shown": (
        CHOICE,
        ("off", "led", "vibration"),
        None,
        "led",
        "how the officer sees that somebody looks",
    ),
    "vibration_pct": (INT, 20, 100, 100, "strength of the vibration motor"),
    "record_always": (BOOL, None, None, False, "record from power-up on"),
    "record_on_alarm": (BOOL, None, None, True, "an alarm starts recording, until 30 s after it is closed"),
    "segment_s": (INT, 2, 600, 60, "length of a segment"),
    "segment_kib": (INT, 64, 65536, 16384, "size at which a segment ends earlier"),
    "pre_event_s": (INT, 0, 120, 30, "how much of what was before goes into a recording"),
    "ring_kib": (INT, 128, 6144, 4096, "memory for what was before and for a slow card"),
    "picture": (CHOICE, ("off", "qvga", "vga", "svga", "hd"), None, "vga", "size of the pictures"),
    "picture_fps": (INT, 1, 25, 8, "pictures a second"),
    "picture_kib": (INT, 16, 4096, 96, "largest picture; a larger one is dropped"),
    "sound": (CHOICE, ("off", "alaw", "adpcm", "pcm"), None, "alaw", "how sound is recorded"),
}
