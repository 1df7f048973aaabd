"""The gateway: between the officers' units and the command centre."""

__version__ = "0.1.0"
