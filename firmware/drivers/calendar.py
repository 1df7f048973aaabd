"""Days and seconds of the Gregorian calendar, in integers.

The ESP32 counts time from 2000 and the unix port from 1970; this counts from 1970-01-01 on both.
"""

_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days(year, month, day):
    """Days since 1970-01-01. Raises ValueError for a day that the calendar does not have."""
    if not 1970 <= year <= 2399 or not 1 <= month <= 12 or day < 1:
        raise ValueError("no such day: %d-%d-%d" % (year, month, day))
    leap = 1 if is_leap(year) else 0
    length = _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1] + (leap if month == 2 else 0)
    if day > length:
        raise ValueError("no such day: %d-%d-%d" % (year, month, day))
    before = year - 1
    leaps = before // 4 - before // 100 + before // 400 - 477  # 477 leap days up to the end of 1969
    return (year - 1970) * 365 + leaps + _DAYS_BEFORE[month - 1] + (leap if month > 2 else 0) + day - 1


def date(day):
    """(year, month, day of the month) of a number of days since 1970-01-01."""
    year = 1970 + day // 366
    while days(year + 1, 1, 1) <= day:
        year += 1
    rest = day - days(year, 1, 1)
    month = 12
    while days(year, month, 1) - days(year, 1, 1) > rest:
        month -= 1
    return year, month, rest - (days(year, month, 1) - days(year, 1, 1)) + 1
