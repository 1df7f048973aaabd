"""NMEA sentences to positions: golden values, epochs, and what is refused."""

from drivers import calendar
from drivers.nmea import Parser, checksum

RMC = "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W"
GGA = "GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,"


def line(body):
    return ("$%s*%02X\r\n" % (body, checksum(body.encode()))).encode()


def heard(*bodies, flush=True, **options):
    """(parser, epochs as dicts) of the sentences."""
    epochs = []
    parser = Parser(lambda epoch: epochs.append(dict(epoch.__dict__)), **options)
    for body in bodies:
        data = line(body)
        parser.feed(data, len(data))
    if flush:
        parser.flush()
    return parser, epochs


def rmc(
    time="020304.00", status="A", lat="2604.12345", ns="N", lon="11917.54321", ew="E", date="241126", **more
):
    return "GNRMC,%s,%s,%s,%s,%s,%s,%s,%s,%s,,,%s" % (
        time,
        status,
        lat,
        ns,
        lon,
        ew,
        more.get("knots", "1.5"),
        more.get("course", "359.99"),
        date,
        more.get("mode", "A"),
    )


def gga(
    time="020304.00", quality="1", lat="2604.12345", ns="N", lon="11917.54321", ew="E", hdop="0.80", **more
):
    return "GNGGA,%s,%s,%s,%s,%s,%s,%s,%s,%s,M,8.0,M,," % (
        time,
        lat,
        ns,
        lon,
        ew,
        quality,
        more.get("satellites", "12"),
        hdop,
        more.get("altitude", "20.4"),
    )


def test_golden_sentences_give_the_published_position():
    assert line(RMC).endswith(b"*6A\r\n") and line(GGA).endswith(b"*47\r\n")
    parser, (epoch,) = heard(RMC, GGA, flush=False)
    assert epoch == {
        "valid": True,
        "utc_s": 764426119,
        "utc_ms": 0,
        "lat_e7": 481173000,
        "lon_e7": 115166667,
        "accuracy_dm": 135,
        "speed_cm_s": 1152,
        "course_cdeg": 8440,
        "altitude_dm": 5454,
        "hdop_c": 90,
        "satellites": 8,
        "quality": 1,
    }
    assert parser.sentences == 2 and parser.epochs == 1


def test_minutes_become_degrees_without_float_error():
    for lat, expected in (
        ("2604.12345", 260687242),
        ("2604.1234567", 260687243),
        ("0000.00001", 2),
        ("8959.99999", 899999998),
        ("9000.00000", 900000000),
        ("2604.", 260666667),
        ("2604", 260666667),
        ("2604.123456789", 260687243),
    ):
        _, (epoch,) = heard(rmc(lat=lat))
        assert epoch["lat_e7"] == expected, (lat, epoch["lat_e7"])
    _, (epoch,) = heard(rmc(lat="3351.00000", ns="S", lon="07040.50000", ew="W"))
    assert (epoch["lat_e7"], epoch["lon_e7"]) == (-338500000, -706750000)
    _, (epoch,) = heard(rmc(lon="18000.00000"))
    assert epoch["lon_e7"] == 1800000000


def test_every_talker_is_heard_and_others_are_counted():
    for talker in ("GP", "GN", "BD", "GB", "GA", "GL", "GQ"):
        assert len(heard(talker + rmc()[2:])[1]) == 1
    parser, epochs = heard("XX" + rmc()[2:], "GPGSV,3,1,09,01,05,310,33", "PMTK010,001", "GPGLL,,,,,,V,N")
    assert parser.ignored == 4 and not epochs


def test_sentences_of_one_epoch_become_one_position_in_any_order():
    gsa = "GNGSA,A,3,01,02,03,,,,,,,,,,1.5,1.1,1.0"
    vtg = "GNVTG,90.0,T,,M,10.0,N,18.5,K,A"
    first, last = rmc(knots="", course=""), gga(hdop="")
    for order in ((first, vtg, gsa, last), (last, gsa, vtg, first)):
        _, (epoch,) = heard(*order, flush=False)
        assert epoch["valid"] and epoch["hdop_c"] == 110 and epoch["accuracy_dm"] == 165, epoch
        assert epoch["speed_cm_s"] == 514 and epoch["course_cdeg"] == 9000, epoch
        assert epoch["satellites"] == 12 and epoch["altitude_dm"] == 204


def test_a_second_constellations_sentences_do_not_make_a_second_position():
    parser, epochs = heard(
        rmc(), gga(), "GB" + rmc()[2:], "GB" + gga()[2:], rmc("020305.00"), gga("020305.00")
    )
    assert len(epochs) == 2 and [epoch["utc_s"] % 60 for epoch in epochs] == [4, 5]


def test_a_receiver_of_one_sentence_kind_is_heard_when_the_next_comes():
    parser, epochs = heard(rmc("000000.50"), rmc("000001.50"), flush=False)
    assert len(epochs) == 1 and epochs[0]["utc_ms"] == 500 and epochs[0]["quality"] == 1
    parser.flush()
    parser.flush()
    assert len(epochs) == 2


def test_no_fix_is_an_epoch_without_a_position():
    for sentences in (
        (rmc(status="V", lat="", ns="", lon="", ew="", knots="", course="", mode="N"), gga(quality="0")),
        (rmc(), gga(quality="0", lat="", ns="", lon="", ew="", hdop="99.99", satellites="", altitude="")),
        (rmc(time="", status="V", lat="", ns="", lon="", ew="", date="", knots="", course=""),),
        (rmc(status="V"), gga()),
        (gga(), rmc(status="V")),
        (rmc(mode="N"),),
        (rmc(mode="S"),),
        (gga(quality="8"), rmc()),
    ):
        _, (epoch,) = heard(*sentences)
        assert not epoch["valid"] and (epoch["lat_e7"], epoch["lon_e7"]) == (0, 0), sentences
        assert epoch["accuracy_dm"] is epoch["speed_cm_s"] is epoch["altitude_dm"] is None
    parser, (epoch,) = heard(rmc(lat="0000.0000", lon="00000.0000"))
    assert not epoch["valid"] and parser.zero_positions == 1 and epoch["utc_s"] > 0


def test_accuracy_follows_hdop_and_quality():
    for quality, hdop, expected in (
        ("1", "1.00", 150),
        ("2", "1.00", 38),
        ("4", "0.5", 19),
        ("6", "1.0", None),
        ("1", "99.99", None),
        ("1", "", None),
        ("1", "0.00", None),
    ):
        _, (epoch,) = heard(gga(quality=quality, hdop=hdop), rmc())
        assert epoch["valid"] and epoch["accuracy_dm"] == expected, (quality, hdop, epoch)


def test_midnight_moves_the_date_of_a_receiver_that_sends_gga_only():
    _, epochs = heard(rmc("235958.00"), gga("235959.00"), gga("000000.00"), gga("000001.00"))
    assert [epoch["utc_s"] - epochs[0]["utc_s"] for epoch in epochs] == [0, 1, 2, 3]
    _, epochs = heard(rmc("235959.00"), rmc("000000.00", date="251126"))
    assert epochs[1]["utc_s"] == epochs[0]["utc_s"] + 1


def test_a_rolled_over_week_number_is_put_right():
    days = calendar.days(2026, 11, 24)
    _, (epoch,) = heard(rmc(date="100407"), not_before_days=calendar.days(2026, 1, 1))
    assert epoch["utc_s"] // 86400 == days
    _, (epoch,) = heard(rmc(), not_before_days=days)
    assert epoch["utc_s"] // 86400 == days


def test_dates_and_times_that_do_not_exist_are_refused():
    for good in ("290228", "290296", "311226", "290200"):
        assert heard(rmc(date=good))[0].malformed == 0, good
    for bad in ("290227", "310426", "000126", "320126", "011326", "010026", "1a0126", "10126", "0101266"):
        parser, epochs = heard(rmc(date=bad))
        assert parser.malformed == 1 and not epochs, bad
    for bad in ("240000", "126000", "125961", "12345", "1234x6", "12 456", "-10000", "123456.x"):
        assert heard(rmc(time=bad))[0].malformed == 1, bad
    _, (epoch,) = heard(rmc("235960.00", date="311216"))
    assert epoch["utc_s"] == calendar.days(2017, 1, 1) * 86400


def test_fields_out_of_their_form_are_refused():
    for bad in (
        rmc(lat="2660.00000"),
        rmc(lat="9000.00001"),
        rmc(lat="2604,12"),
        rmc(lat="-2604.1"),
        rmc(lat="26"),
        rmc(ns="X"),
        rmc(ns=""),
        rmc(lat=""),
        rmc(ns="E"),
        rmc(lon="18000.00001"),
        rmc(ew="N"),
        rmc(status="B"),
        rmc(status=""),
        rmc(knots="-1"),
        rmc(knots="1001"),
        rmc(knots="1.2.3"),
        rmc(course="360.01"),
        rmc(course="+1"),
        rmc(lat="+604.12345"),
        rmc(lat="2_04.12345"),
        gga(quality="9"),
        gga(quality="x"),
        gga(satellites="100"),
        gga(hdop="-1"),
        gga(altitude="100001"),
        gga(altitude="-2001"),
        "GPRMC,1,2",
        "GPGGA,",
        "GPGSA,A,4,,,,,,,,,,,,,1,1,1",
        "GPGSA,A,3",
        "GPVTG,1",
        "GPRMC" + "," * 11,
    ):
        parser, epochs = heard(bad)
        assert parser.malformed == 1 and not epochs and parser.sentences == 0, bad


def test_days_of_the_calendar():
    assert calendar.days(1970, 1, 1) == 0 and calendar.days(2000, 1, 1) == 10957
    assert calendar.days(2000, 3, 1) == 11017 and calendar.days(2026, 11, 24) == 20781
    before = -1
    for year in range(1970, 2110):
        for month in range(1, 13):
            for day in range(1, 33):
                try:
                    days = calendar.days(year, month, day)
                except ValueError:
                    assert day > 28
                    continue
                assert days == before + 1, (year, month, day)
                before = days
    assert before == calendar.days(2109, 12, 31)
