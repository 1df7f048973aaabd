"""What of the ESP32-S3 board is pure: the battery's curve and the modem's answers."""

from boards.esp32s3 import at
from boards.esp32s3.power import CURVE, Smooth, percent


def test_battery_curve_is_monotonous_and_bounded():
    values = [percent(mv) for mv in range(2500, 4500, 10)]
    assert values == sorted(values) and values[0] == 0 and values[-1] == 100
    for mv, pct in CURVE:
        assert percent(mv) == pct


def test_mean_of_readings_rides_over_a_burst():
    smooth = Smooth(4)
    means = [smooth.add(mv) for mv in (4000, 4000, 4000, 3600, 4000, 4000, 4000, 4000)]
    assert means[3:] == [3900, 3900, 3900, 3900, 4000]


def test_signal_is_read_from_csq():
    assert at.signal_dbm("\r\n+CSQ: 20,99\r\n\r\nOK\r\n") == -73
    assert at.signal_dbm("+CSQ: 31,0") == -51 and at.signal_dbm("+CSQ: 0,0") == -113
    for answer in ("", "+CSQ: 99,99", "+CSQ:", "+CSQ: x,1", "ERROR"):
        assert at.signal_dbm(answer) is None


def test_registration_is_home_or_roaming():
    assert at.registered("+CEREG: 0,1\r\n") and at.registered('+CEREG: 2,5,"1A","2B",7\r\n')
    for answer in ("", "+CEREG: 0,2", "+CEREG: 1", "+CEREG:", "ERROR"):
        assert not at.registered(answer)


def test_network_time_is_utc():
    assert at.utc_s('+CCLK: "26/11/24,10:20:30+32"') == 1795486830
    assert at.utc_s('+CCLK: "24/02/29,00:00:00+00"') == 1709164800
    assert at.utc_s('+CCLK: "24/03/01,00:00:00-08"') == 1709258400
    for answer in ("", '+CCLK: "80/01/06,00:00:00+00"', '+CCLK: "26/13/01,00:00:00+00"', '+CCLK: "x'):
        assert at.utc_s(answer) == 0
