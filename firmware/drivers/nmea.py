"""Streaming parser of NMEA 0183: RMC, GGA, GSA and VTG of one epoch become one position.

Whatever comes in, only counters show it: nothing is raised, and at most one line is held.
An epoch ends when its RMC and its GGA are there, when a sentence with another time comes, or by `flush`.
"""

from drivers.nmea_fields import angle_e7, date_days, day_ms, scaled

TALKERS = (b"GP", b"GN", b"BD", b"GB", b"GA", b"GL", b"GQ")
MAX_LINE_BYTES = 100  # the standard says 82; receivers of several systems send a few more
WEEKS_1024_DAYS = 7168  # the GPS week number rolls over; an old receiver is then wrong by this
DAY_MS = 86400000

# Horizontal error in decimetres at 95 %, for an HDOP of 1: 15 m without and 3.75 m with differential
# correction, after the error model of gpsd (libgpsd_core.c, H_UERE_NO_DGPS and H_UERE_WITH_DGPS).
# Careful for a modern receiver, and meant so: a circle on the map should hold the officer.
_ERROR_DM_E2 = {1: 15000, 2: 3750, 3: 15000, 4: 3750, 5: 3750}
_HDOP_UNKNOWN_C = 5000  # receivers send 99.9 or 50.0 when they do not know
_MODES = {b"A": 1, b"D": 2, b"P": 3, b"R": 4, b"F": 5, b"E": 6, b"M": 7, b"S": 8}


class Epoch:
    """One position. The parser uses one object again and again: copy what you keep.

    valid: there is a fix that may be shown. utc_s, utc_ms: seconds since 1970 and milliseconds, 0 when no date
    was heard or the receiver did not vouch for it. lat_e7, lon_e7: WGS-84, 1e-7 degrees, 0 when not valid.
    accuracy_dm: radius that holds 95 %, or None. speed_cm_s, course_cdeg (0..35999), altitude_dm (above the sea),
    hdop_c (hundredths): or None. satellites: used. quality: GGA's digit (0 none, 1 GNSS, 2 DGPS, 4 RTK, 5 float
    RTK, 6 estimated; 7 manual and 8 simulated are not valid).
    """

    def __init__(self):
        self.clear()

    def clear(self):
        self.valid = False
        self.utc_s = self.utc_ms = self.lat_e7 = self.lon_e7 = self.satellites = self.quality = 0
        self.accuracy_dm = self.speed_cm_s = self.course_cdeg = self.altitude_dm = self.hdop_c = None


class Parser:
    """on_epoch(epoch) is called for every epoch, also for one without a fix.

    not_before_days: days since 1970 before which no date can be right (the day the firmware was built); an
    earlier one is moved by 1024 weeks until it is later. 0 leaves dates alone.
    Counters: sentences (used), ignored (of other kinds or talkers), bad_checksum, malformed, oversize,
    zero_positions, epochs.
    """

    def __init__(self, on_epoch, not_before_days=0):
        self._on_epoch = on_epoch
        self._not_before_days = not_before_days
        self.epoch = Epoch()
        self.sentences = self.ignored = self.bad_checksum = self.malformed = 0
        self.oversize = self.zero_positions = self.epochs = 0
        self._line = b""
        self._skipping = False
        self._at_ms = None  # time of day of the epoch that is collected; None: none is
        self._rmc = self._gga = False
        self._vouched = True
        self._last_ms = -1  # time of day of the last epoch
        self._days = None  # date of the last RMC, moved on at midnight
        self._gsa_hdop_c = None
        self._takers = {
            b"RMC": self._take_rmc,
            b"GGA": self._take_gga,
            b"GSA": self._take_gsa,
            b"VTG": self._take_vtg,
        }

    def feed(self, buffer, n):
        """Take the first n bytes of buffer (bytes-like), split anywhere."""
        data = bytes(memoryview(buffer)[:n])
        start = 0
        while True:
            end = data.find(b"\n", start)
            if end < 0:
                break
            self._extend(data[start:end])
            if not self._skipping:
                line, self._line = self._line, b""
                self._sentence(line)
            self._skipping = False
            start = end + 1
        if start < len(data):
            self._extend(data[start:])

    def flush(self):
        """Close the epoch that is being collected; call when the receiver was quiet for some 200 ms."""
        if self._at_ms is not None:
            self._close()

    def _extend(self, part):
        if self._skipping:
            return
        if len(self._line) + len(part) > MAX_LINE_BYTES:
            self._line = b""
            self._skipping = True
            self.oversize += 1
        else:
            self._line += part

    def _sentence(self, line):
        line = line[line.rfind(b"$") + 1 :].rstrip()  # what stands before a late $ is a torn line
        taker = self._takers.get(line[2:5])
        if taker is None or line[:2] not in TALKERS:
            self.ignored += bool(line)
            return
        star = len(line) - 3
        try:
            if star < 6 or line[star] != 42 or int(line[star + 1 :], 16) != checksum(line[:star]):
                raise ValueError
        except ValueError:
            self.bad_checksum += 1
            return
        try:
            taker(line[6:star].split(b","))
            self.sentences += 1
        except (ValueError, IndexError):
            self.malformed += 1

    def _take_rmc(self, fields):
        at_ms, date = day_ms(fields[0]), date_days(fields[8])
        lat_e7, lon_e7 = _position(fields, 2)
        knots_e3, course_cdeg = scaled(fields[6], 3), scaled(fields[7], 2)
        mode = fields[11] if len(fields) > 11 else b"A"
        if fields[1] not in (b"A", b"V") or not _speed_is_sane(knots_e3, course_cdeg):
            raise ValueError("status or speed")
        if not self._begin(at_ms) or self._rmc:
            return
        self._rmc = True
        epoch = self.epoch
        if fields[1] == b"V" or mode == b"N":
            self._vouched = False
        else:
            if date is not None:
                while date < self._not_before_days:
                    date += WEEKS_1024_DAYS
                self._days = date
            epoch.lat_e7, epoch.lon_e7 = lat_e7, lon_e7
            epoch.quality = epoch.quality or _MODES.get(mode, 0)
            if knots_e3 is not None:
                epoch.speed_cm_s = _cm_s(knots_e3)
            if course_cdeg is not None:
                epoch.course_cdeg = course_cdeg % 36000
        if self._gga:
            self._close()

    def _take_gga(self, fields):
        at_ms = day_ms(fields[0])
        lat_e7, lon_e7 = _position(fields, 1)
        quality, satellites = scaled(fields[5], 0) or 0, scaled(fields[6], 0) or 0
        hdop_c, altitude_dm = scaled(fields[7], 2), scaled(fields[8], 1)
        if not 0 <= quality <= 8 or not 0 <= satellites <= 99 or (hdop_c is not None and hdop_c < 0):
            raise ValueError("quality, satellites or HDOP")
        if not -20000 <= (altitude_dm or 0) <= 1000000:
            raise ValueError("altitude")
        if not self._begin(at_ms) or self._gga:
            return
        self._gga = True
        epoch = self.epoch
        epoch.quality, epoch.satellites = quality, satellites
        if quality == 0:
            self._vouched = False
        else:
            if self._vouched:
                epoch.lat_e7, epoch.lon_e7 = lat_e7, lon_e7
            epoch.hdop_c, epoch.altitude_dm = hdop_c, altitude_dm
        if self._rmc:
            self._close()

    def _take_gsa(self, fields):
        hdop_c = scaled(fields[15], 2)
        if fields[1] not in (b"1", b"2", b"3") or (hdop_c is not None and hdop_c < 0):
            raise ValueError("fix or HDOP")
        self._gsa_hdop_c = hdop_c if fields[1] != b"1" else None

    def _take_vtg(self, fields):
        course_cdeg, knots_e3 = scaled(fields[0], 2), scaled(fields[4], 3)
        if not _speed_is_sane(knots_e3, course_cdeg):
            raise ValueError("speed")
        epoch = self.epoch
        if self._at_ms is None:
            return  # after its epoch; RMC has said the same
        if epoch.speed_cm_s is None and knots_e3 is not None:
            epoch.speed_cm_s = _cm_s(knots_e3)
        if epoch.course_cdeg is None and course_cdeg is not None:
            epoch.course_cdeg = course_cdeg % 36000

    def _begin(self, at_ms):
        """Make at_ms the epoch that is collected; False for one that was closed already."""
        if at_ms is None:
            at_ms = -1  # a receiver that does not know the time yet
        if at_ms == self._at_ms:
            return True
        if self._at_ms is not None:
            self._close()
        if at_ms == self._last_ms and at_ms >= 0:
            return False
        self._at_ms = at_ms
        self._rmc = self._gga = False
        self._vouched = True
        self.epoch.clear()
        return True

    def _close(self):
        epoch = self.epoch
        at_ms, self._at_ms = self._at_ms, None
        self.epochs += 1
        if not self._rmc and self._days is not None and 0 <= at_ms < self._last_ms - DAY_MS // 2:
            self._days += 1  # GGA has no date: midnight has passed since the last RMC
        self._last_ms = at_ms
        placed = self._vouched and epoch.lat_e7 is not None and epoch.lon_e7 is not None
        if placed and epoch.lat_e7 == 0 and epoch.lon_e7 == 0:
            self.zero_positions += 1
            placed = False
        epoch.valid = placed and 1 <= epoch.quality <= 6
        if self._vouched and at_ms >= 0 and self._days is not None:
            epoch.utc_s, epoch.utc_ms = self._days * 86400 + at_ms // 1000, at_ms % 1000
        if epoch.valid:
            if epoch.hdop_c is None:
                epoch.hdop_c = self._gsa_hdop_c
            error = _ERROR_DM_E2.get(epoch.quality)
            if error and epoch.hdop_c is not None and 0 < epoch.hdop_c < _HDOP_UNKNOWN_C:
                epoch.accuracy_dm = (epoch.hdop_c * error + 5000) // 10000
        else:
            epoch.lat_e7 = epoch.lon_e7 = 0
            epoch.speed_cm_s = epoch.course_cdeg = epoch.altitude_dm = None
        self._on_epoch(epoch)


def checksum(body):
    """XOR of all bytes (at most 128), folded as one integer: several times faster than a loop."""
    folded = int.from_bytes(body, "big")
    for bits in (512, 256, 128, 64, 32, 16, 8):
        folded ^= folded >> bits
    return folded & 0xFF


def _position(fields, at):
    lat_e7 = angle_e7(fields[at], fields[at + 1], b"N", b"S", 90)
    lon_e7 = angle_e7(fields[at + 2], fields[at + 3], b"E", b"W", 180)
    return lat_e7, lon_e7


def _speed_is_sane(knots_e3, course_cdeg):
    """No faster than 1,000 knots; a course of 0 to 360 degrees."""
    return 0 <= (knots_e3 or 0) <= 1000000 and 0 <= (course_cdeg or 0) <= 36000


def _cm_s(knots_e3):
    """1 knot is 1,852 m an hour."""
    return (knots_e3 * 463 + 4500) // 9000
