"""What the officer feels and sees of the unit: the motor's patterns, and the light.

What is told, and in what order, is decided by who calls `feel`; here it only happens.
"""

from drivers.motor import Player

from bodyunit.bell import Bell

IDLE_MS = 2500
FELT = 1
WATCHED = 2


class Feeling:
    """Args:
    clock, settings: of the unit.
    board: has motor(strength_pct), led(on) and show.
    begun: told the name of each pattern when the motor begins it.
    """

    def __init__(self, clock, settings, board, begun) -> None:
        self._clock = clock
        self._settings = settings
        self._board = board
        self._begun = begun
        self._player = Player(self._vibrate, self._felt)
        self._bell = Bell()
        self._starting = False
        self._lit = 0

    @property
    def idle(self) -> bool:
        """Whether no pattern is played and none waits."""
        return self._player.idle

    def feel(self, pattern: str) -> None:
        """Vibrates, now or after what is being felt."""
        now_ms = self._clock.mono_ms()
        self._player.play(pattern, now_ms)
        if not self._starting:
            self._player.tick(now_ms)
        self._bell.ring()

    def light(self, why: int, on: bool) -> None:
        """Switches the light for one of several reasons; it is dark when none is left."""
        before = self._lit
        self._lit = before | why if on else before & ~why
        if bool(before) != bool(self._lit):
            self._board.led(bool(self._lit))

    def _vibrate(self, on: bool) -> None:
        self._board.motor(self._settings.vibration_pct if on else 0)

    def _felt(self, name: str, pulses_ms, now_ms: int) -> None:
        self._board.show("motor", pattern=name, pulses_ms=list(pulses_ms), mono_ms=now_ms)
        # What is felt next may be queued from in here, while the player is in the middle of its step.
        self._starting = True
        try:
            self._begun(name)
        finally:
            self._starting = False
        if not self._settings.silent:
            self.light(FELT, True)

    async def run(self, heart) -> None:
        """Task: goes on with what is being felt."""
        while True:
            heart.beat()
            wait_ms = self._player.tick(self._clock.mono_ms())
            if wait_ms is None:
                self.light(FELT, False)
            await self._bell.wait(IDLE_MS if wait_ms is None else min(IDLE_MS, max(1, wait_ms)))
