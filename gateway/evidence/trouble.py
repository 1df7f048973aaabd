"""Why recordings cannot be kept at this time, said once when it begins and once when it is over."""

from gateway.logs import logger


class Trouble:
    """`problem`: what it is, None when there is none."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self._log = logger("evidence")

    def tell(self, problem: str | None) -> None:
        """What is the matter now."""
        if problem is not None and self.problem is None:
            self._log.error("recordings_not_kept", error=problem, done="asked for again when there is room")
        elif problem is None and self.problem is not None:
            self._log.info("recordings_kept_again", was=self.problem)
        self.problem = problem
