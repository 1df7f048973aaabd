"""What a modem answers to AT commands (3GPP TS 27.007). Pure parsing; nothing raises."""

_DAYS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def signal_dbm(answer: str) -> "int | None":
    """dBm from `+CSQ: <rssi>,<ber>` (section 8.5); None for 99, unknown, and for anything else."""
    at = answer.find("+CSQ:")
    if at < 0:
        return None
    try:
        rssi = int(answer[at + 5 :].split(",")[0])
    except ValueError:
        return None
    return 2 * rssi - 113 if 0 <= rssi <= 31 else None


def registered(answer: str) -> bool:
    """Whether `+CEREG: <n>,<stat>` (section 10.1.22) says home network or roaming."""
    at = answer.find("+CEREG:")
    if at < 0:
        return False
    fields = answer[at + 7 :].split("\r")[0].split(",")
    return len(fields) >= 2 and fields[1].strip() in ("1", "5")


def utc_s(answer: str) -> int:
    """Seconds since 1970 from `+CCLK: "yy/MM/dd,hh:mm:ss+zz"` (section 8.15), zz in quarters of an hour; else 0."""
    at = answer.find('+CCLK: "')
    if at < 0:
        return 0
    text = answer[at + 8 : at + 28]
    try:
        year, month, day = 2000 + int(text[0:2]), int(text[3:5]), int(text[6:8])
        hour, minute, second = int(text[9:11]), int(text[12:14]), int(text[15:17])
        quarters = int(text[17:20])
    except ValueError:
        return 0
    if not (2024 <= year < 2080 and 1 <= month <= 12 and 1 <= day <= 31):
        return 0
    if not (hour < 24 and minute < 60 and second < 60 and -56 <= quarters <= 56):
        return 0
    leaps = (year - 1969) // 4
    days = (year - 1970) * 365 + leaps + _DAYS[month - 1] + day - 1
    if month > 2 and year % 4 == 0:
        days += 1
    return ((days * 24 + hour) * 60 + minute) * 60 + second - quarters * 900
