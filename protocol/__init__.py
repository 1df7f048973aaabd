"""The wire between a body-worn unit and the gateway.

Runs unchanged on MicroPython (the unit) and CPython (everything else): no input or output, no clock,
no logging, and no import from another package. `docs/wire.md` is the specification.
"""
