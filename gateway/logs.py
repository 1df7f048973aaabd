"""Log lines: `key=value` for people or JSON for programs, each about a unit with `unit=`.

Faults that a unit can cause as often as it likes are written once in a while, with how many were left out.
"""

import logging
import sys
from collections import OrderedDict
from typing import Any

import structlog

from gateway.clock import Clock
from gateway.settings import LogSettings

KEYS_MAX = 10_000


def configure(settings: LogSettings) -> None:
    """Set up the process's log on standard error. Called once, by the command line."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shown: Any
    if settings.format == "json":
        shown = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        shown = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), format="%(levelname)s %(name)s %(message)s")


def logger(name: str) -> Any:
    """A structlog logger; lines carry `part=name`."""
    return structlog.get_logger(part=name)


class Faults:
    """Warnings about units, each (fault, unit) at most once in `repeat_s`; the next line says how many more
    there were. Remembers the 10,000 that happened last. A unit that is not known (None) is not written; its
    `address` stands for it."""

    def __init__(self, clock: Clock, repeat_s: int, part: str = "ingest") -> None:
        self._clock = clock
        self._repeat_s = repeat_s
        self._last: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        self._log = logger(part)

    def warn(self, fault: str, unit: str | None, **facts: object) -> None:
        """Write the line as a warning, or count it."""
        self._say("warning", fault, unit, facts)

    def note(self, what: str, unit: str, **facts: object) -> None:
        """The same for what is not a fault but can happen as often."""
        self._say("info", what, unit, facts)

    def _say(self, level: str, fault: str, unit: str | None, facts: dict[str, object]) -> None:
        who = unit if unit is not None else str(facts.get("address", ""))
        now_s, key = self._clock.monotonic_s(), (fault, who)
        said_s, held_back = self._last.pop(key, (float("-inf"), 0))
        if now_s - said_s < self._repeat_s:
            self._last[key] = (said_s, held_back + 1)
            return
        self._last[key] = (now_s, 0)
        if len(self._last) > KEYS_MAX:
            self._last.popitem(last=False)
        if held_back:
            facts["times_before"] = held_back
        if unit is not None:
            facts = {"unit": unit, **facts}
        getattr(self._log, level)(fault, **facts)
