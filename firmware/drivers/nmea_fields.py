"""Fields of an NMEA 0183 sentence to integers. Each raises ValueError for what is not of its form."""

from drivers import calendar


def scaled(field, places):
    """Decimal text to an integer of 10**-places: (b"12.34", 3) -> 12340; b"" -> None; further digits are cut."""
    if not field:
        return None
    sign = 1
    if field[0] == 45:  # "-"
        sign = -1
        field = field[1:]
    whole, _, fraction = field.partition(b".")
    fraction = (fraction + b"000000000")[:places] if len(fraction) < places else fraction[:places]
    return sign * _digits(whole + fraction)


def angle_e7(field, hemisphere, positive, negative, limit_deg):
    """ddmm.mmmm or dddmm.mmmm and its hemisphere to 1e-7 degrees, rounded; both empty: None."""
    if not field and not hemisphere:
        return None
    dot = field.find(b".")
    if dot < 0:
        dot = len(field)
    minutes_e7 = scaled(field[dot - 2 :], 7) if dot > 2 else -1
    degrees = _digits(field[: dot - 2])
    if not 0 <= minutes_e7 < 600000000:
        raise ValueError("minutes")
    angle = degrees * 10000000 + (minutes_e7 + 30) // 60
    if angle > limit_deg * 10000000:
        raise ValueError("degrees")
    if hemisphere == negative:
        return -angle
    if hemisphere != positive:
        raise ValueError("hemisphere")
    return angle


def day_ms(field):
    """hhmmss or hhmmss.sss to milliseconds of the day; b"" -> None. Second 60 (a leap second) is allowed."""
    if not field:
        return None
    hours, minutes, milliseconds = _digits(field[:2]), _digits(field[2:4]), scaled(field[4:], 3)
    if len(field) < 6 or hours > 23 or minutes > 59 or not 0 <= milliseconds < 61000:
        raise ValueError("time")
    return (hours * 60 + minutes) * 60000 + milliseconds


def date_days(field):
    """ddmmyy to days since 1970; b"" -> None. Years 80 to 99 are of the last century."""
    if not field:
        return None
    if len(field) != 6:
        raise ValueError("date")
    year = _digits(field[4:])
    return calendar.days(year + (1900 if year > 79 else 2000), _digits(field[2:4]), _digits(field[:2]))


def _digits(field):
    if not field.isdigit():  # int() alone would take signs, spaces and underscores
        raise ValueError("digits")
    return int(field)
