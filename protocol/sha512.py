"""SHA-512 (FIPS 180-4) for short messages: MicroPython has only SHA-256, and Ed25519 needs this.

The constants are computed from their definition: the first 64 bits of the fractional parts of the square roots
(initial hash) and cube roots (round constants) of the first primes, by integer roots, without floats.
"""

_MASK = 0xFFFFFFFFFFFFFFFF
BLOCK_BYTES = 128
STEP_ROUNDS = 16


def _root(value: int, power: int) -> int:
    """The largest integer whose `power` is at most `value`."""
    low, high = 0, 1
    while high**power <= value:
        high <<= 1
    while high - low > 1:
        middle = (low + high) >> 1
        if middle**power <= value:
            low = middle
        else:
            high = middle
    return low


def _constants() -> "tuple[list[int], list[int]]":
    primes: list[int] = []
    candidate = 2
    while len(primes) < 80:
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
        candidate += 1
    start = [_root(prime << 128, 2) & _MASK for prime in primes[:8]]
    return start, [_root(prime << 192, 3) & _MASK for prime in primes]


_START, _ROUNDS = _constants()


def _turn(x: int, n: int) -> int:
    return (x >> n) | (x << (64 - n))


def steps(message: bytes):  # type: ignore[no-untyped-def]
    """A generator of steps that returns the digest of 64 bytes; a step is 16 of the 144 rounds of a block."""
    size_bits = len(message) * 8
    padded = message + b"\x80" + bytes(-(len(message) + 17) % BLOCK_BYTES) + size_bits.to_bytes(16, "big")
    state = list(_START)
    for at in range(0, len(padded), BLOCK_BYTES):
        yield from _block(state, padded, at)
    return b"".join([word.to_bytes(8, "big") for word in state])


def _block(state: "list[int]", data: bytes, at: int):  # type: ignore[no-untyped-def]
    words = [int.from_bytes(data[i : i + 8], "big") for i in range(at, at + BLOCK_BYTES, 8)]
    for i in range(16, 80):
        x, y = words[i - 15], words[i - 2]
        small0 = _turn(x, 1) ^ _turn(x, 8) ^ (x >> 7)
        small1 = _turn(y, 19) ^ _turn(y, 61) ^ (y >> 6)
        words.append((words[i - 16] + small0 + words[i - 7] + small1) & _MASK)
        if i % STEP_ROUNDS == 15:
            yield
    a, b, c, d, e, f, g, h = state
    for i in range(80):
        big1 = (_turn(e, 14) ^ _turn(e, 18) ^ _turn(e, 41)) & _MASK
        first = h + big1 + ((e & f) ^ (~e & g)) + _ROUNDS[i] + words[i]
        big0 = (_turn(a, 28) ^ _turn(a, 34) ^ _turn(a, 39)) & _MASK
        second = big0 + ((a & b) ^ (a & c) ^ (b & c))
        h, g, f, e, d, c, b, a = g, f, e, (d + first) & _MASK, c, b, a, (first + second) & _MASK
        if i % STEP_ROUNDS == 15:
            yield
    for i, word in enumerate((a, b, c, d, e, f, g, h)):
        state[i] = (state[i] + word) & _MASK


def digest(message: bytes) -> bytes:
    """The SHA-512 of `message`, 64 bytes, without a pause."""
    return finish(steps(message))  # type: ignore[no-untyped-call,no-any-return]


def finish(generator):  # type: ignore[no-untyped-def]
    """What a generator of steps returns, taken to its end at once."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value
