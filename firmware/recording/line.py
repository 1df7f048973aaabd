"""The line a second that goes into the position track: when, where, who, which case; for eyes, and without us."""

from drivers.calendar import date

STALE_MS = 10_000


def _decimal(value_e7: int) -> str:
    sign = "-" if value_e7 < 0 else ""
    value = abs(value_e7)
    return "%s%d.%07d" % (sign, value // 10_000_000, value % 10_000_000)


def utc_text(utc_s: int, utc_ms: int) -> str:
    """A time as ISO 8601 writes it."""
    day, rest = divmod(utc_s, 86_400)
    year, month, of_month = date(day)
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (
        year, month, of_month, rest // 3600, rest // 60 % 60, rest % 60, utc_ms,
    )  # fmt: skip


def line(stamp, fix, age_ms, unit_id: str, case_no: str) -> bytes:
    """stamp: as Clock.stamp gives it; fix, age_ms: the last one and its age, or None."""
    utc_s, utc_ms, _, mono_ms, boot = stamp
    when = (
        utc_text(utc_s, utc_ms) if utc_s else "boot %d +%d.%03d s" % (boot, mono_ms // 1000, mono_ms % 1000)
    )
    if fix is None:
        where = "no fix"
    else:
        where = "%s %s" % (_decimal(fix.lat_e7), _decimal(fix.lon_e7))
        if fix.accuracy_dm is not None:
            where += " ±%d m" % ((fix.accuracy_dm + 5) // 10)
        if age_ms >= STALE_MS:
            where += " (%d s old)" % (age_ms // 1000)
    return ("%s %s %s %s" % (when, where, unit_id, case_no)).strip().encode()
