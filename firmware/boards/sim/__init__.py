"""The simulated board: over loopback sockets for runs of the whole system, scripted in process for tests."""


def make():
    """The board that the environment describes: TIPSTAFF_SIM_CONTROL, TIPSTAFF_SIM_GNSS, TIPSTAFF_HOME."""
    from boards.sim.sockets import SocketBoard

    return SocketBoard.from_environment()
