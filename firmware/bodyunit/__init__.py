"""The program of the unit. Reading order: supervisor, unit, alarm, calls, position, trail, state, uplink, commands."""

FIRMWARE = "0.1.0"
