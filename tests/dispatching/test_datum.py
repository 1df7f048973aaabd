"""GCJ-02 and BD-09 against values of an independent implementation (PyPI prcoords 1.0.2), and their inverses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch import datum

# lat, lon in WGS-84; the same in GCJ-02; the same in BD-09.
KNOWN = [
    (26.0745, 119.2965, 26.071397978355, 119.301299782358, 26.077559696442, 119.307784858521),
    (39.9042, 116.4074, 39.905603343165, 116.413642253788, 39.911865335619, 116.420046330298),
    (24.4798, 118.0894, 24.477153231953, 118.094377083583, 24.483411181200, 118.100820585505),
    (31.2304, 121.4737, 31.228457737577, 121.478223059277, 31.234310593690, 121.484781468503),
    (22.5431, 114.0579, 22.540382814222, 114.063013998565, 22.546041559074, 114.069563987033),
    (43.8256, 87.6168, 43.826805393111, 87.619649949469, 43.832949794793, 87.626099770816),
    (29.652, 91.1721, 29.649210494174, 91.173567371816, 29.655264156295, 91.180059674929),
    (45.8038, 126.535, 45.805781525148, 126.541040350158, 45.811395822940, 126.547659214140),
]
METRE_DEG = 1 / 111_000


@pytest.mark.parametrize(("lat", "lon", "gcj_lat", "gcj_lon", "bd_lat", "bd_lon"), KNOWN)
def test_known_values_both_ways(
    lat: float, lon: float, gcj_lat: float, gcj_lon: float, bd_lat: float, bd_lon: float
) -> None:
    assert datum.wgs84_to_gcj02(lat, lon) == pytest.approx((gcj_lat, gcj_lon), abs=1e-11)
    assert datum.gcj02_to_bd09(gcj_lat, gcj_lon) == pytest.approx((bd_lat, bd_lon), abs=1e-11)
    assert datum.gcj02_to_wgs84(gcj_lat, gcj_lon) == pytest.approx((lat, lon), abs=1e-10)
    assert datum.bd09_to_wgs84(bd_lat, bd_lon) == pytest.approx((lat, lon), abs=1e-10)


@given(st.floats(18, 53), st.floats(74, 134))
def test_inverse_is_exact_to_a_micrometre(lat: float, lon: float) -> None:
    shifted = datum.wgs84_to_gcj02(lat, lon)
    assert datum.gcj02_to_wgs84(*shifted) == pytest.approx((lat, lon), abs=1e-6 * METRE_DEG)
    assert datum.bd09_to_wgs84(*datum.gcj02_to_bd09(*shifted)) == pytest.approx(
        (lat, lon), abs=1e-6 * METRE_DEG
    )


@pytest.mark.parametrize(("lat", "lon"), [(51.5, -0.13), (-26.1, 119.0), (60.0, 100.0), (0.0, 0.0)])
def test_nothing_is_shifted_outside_china(lat: float, lon: float) -> None:
    assert datum.wgs84_to_gcj02(lat, lon) == (lat, lon)
    assert datum.gcj02_to_wgs84(lat, lon) == (lat, lon)
    assert datum.bd09_to_wgs84(lat, lon) == (lat, lon)
