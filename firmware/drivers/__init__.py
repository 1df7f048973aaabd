"""Sensors and actuators of the unit; pure code, streams, pins and clocks are passed in."""
