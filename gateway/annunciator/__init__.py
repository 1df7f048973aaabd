"""The annunciator: a program of its own that sounds alarms on the command centre's loudspeakers.

It is a client of the gateway like a console, and depends on nothing else of it: whatever the browsers do, an alarm
sounds until somebody has acknowledged it, and a lost gateway is said aloud.

    link ── messages ──► alarms ── what waits ──► announcer ── ring, say ──► voice ── samples ──► loudspeaker
"""
