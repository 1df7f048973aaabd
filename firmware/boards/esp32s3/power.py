"""The battery: what its voltage says. Pure; the ADC is read by the board."""

# Resting voltage of a lithium cell (mV) and what is left (per cent), from full to empty. A typical LiCoO2 curve;
# under the load of the modem it reads some per cent low, which errs to the safe side.
CURVE = (
    (4180, 100),
    (4060, 90),
    (3980, 80),
    (3920, 70),
    (3870, 60),
    (3820, 50),
    (3790, 40),
    (3770, 30),
    (3740, 20),
    (3680, 10),
    (3450, 5),
    (3000, 0),
)


def percent(battery_mv: int) -> int:
    """Per cent left at `battery_mv`, by straight lines between the points of CURVE."""
    if battery_mv >= CURVE[0][0]:
        return 100
    for i in range(1, len(CURVE)):
        high_mv, high_pct = CURVE[i - 1]
        low_mv, low_pct = CURVE[i]
        if battery_mv >= low_mv:
            return low_pct + (battery_mv - low_mv) * (high_pct - low_pct) // (high_mv - low_mv)
    return 0


class Smooth:
    """The mean of the last readings, so that a burst of the transmitter does not look like an empty battery."""

    def __init__(self, size: int = 8) -> None:
        self._values = [0] * size
        self._count = 0

    def add(self, value: int) -> int:
        """Takes a reading and returns the mean."""
        size = len(self._values)
        self._values[self._count % size] = value
        self._count += 1
        return sum(self._values) // min(self._count, size)
