"""Numbers that look random and are the same each time."""


def lcg(seed):
    """Numbers from 0 to 2**23 - 1, without end."""
    while True:
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        yield seed >> 8
