"""Ed25519 signatures (RFC 8032, 5.1) with big integers, a step at a time, for the unit.

Everybody else verifies with a library; here is what MicroPython needs to sign. It is not constant in time: whoever
can measure the unit's microseconds while it signs has the unit in his hands, with its key on its flash.
"""

from protocol import sha512

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, P - 2, P) % P
_BASE_Y = 4 * pow(5, P - 2, P) % P
SEED_BYTES = 32
_WINDOW_BITS = 4


def _x_of(y: int, sign: int) -> int:
    """The x of the point with this y (RFC 8032, 5.1.3); only for the base point, which has one."""
    squared = (y * y - 1) * pow(_D * y * y + 1, P - 2, P) % P
    x = pow(squared, (P + 3) // 8, P)
    if (x * x - squared) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if (x & 1) != sign else x


_BASE_X = _x_of(_BASE_Y, 0)
_NEUTRAL = (0, 1, 1, 0)


def _add(p: "tuple[int, int, int, int]", q: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    """Points in extended coordinates (X, Y, Z, T), x = X/Z, y = Y/Z, x*y = T/Z (RFC 8032, 5.1.4)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * _D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(p: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    a = p[0] * p[0] % P
    b = p[1] * p[1] % P
    c = 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) * (p[0] + p[1]) % P
    g = a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


_table: "list[tuple[int, int, int, int]]" = []


def _multiples():  # type: ignore[no-untyped-def]
    """Fills the table of 0 to 15 times the base point, once."""
    base = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)
    found = [_NEUTRAL]
    while len(found) < 1 << _WINDOW_BITS:
        found.append(_add(found[-1], base))
        yield
    _table[:] = found


def _times_base(scalar: int):  # type: ignore[no-untyped-def]
    """Steps to the 32 bytes of `scalar` times the base point."""
    if not _table:
        yield from _multiples()  # type: ignore[no-untyped-call]
    point = _NEUTRAL
    for shift in range(256 - _WINDOW_BITS, -1, -_WINDOW_BITS):
        for _ in range(_WINDOW_BITS):
            point = _double(point)
        yield
        point = _add(point, _table[(scalar >> shift) & ((1 << _WINDOW_BITS) - 1)])
        yield
    inverse = yield from _power(point[2], P - 2)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _power(base: int, exponent: int):  # type: ignore[no-untyped-def]
    """Steps to `base` to the `exponent` modulo P, eight bits a step."""
    result = 1
    for shift in range(248, -1, -8):
        for bit in range(7, -1, -1):
            result = result * result % P
            if exponent >> (shift + bit) & 1:
                result = result * base % P
        yield
    return result


def _secret(seed: bytes):  # type: ignore[no-untyped-def]
    """Steps to (secret scalar, prefix) of a seed."""
    if len(seed) != SEED_BYTES:
        raise ValueError("an Ed25519 seed has %d bytes" % SEED_BYTES)
    hashed = yield from sha512.steps(seed)
    scalar = int.from_bytes(hashed[:32], "little")
    return scalar & ((1 << 254) - 8) | 1 << 254, hashed[32:]


def public_steps(seed: bytes):  # type: ignore[no-untyped-def]
    """A generator of steps that returns the public key (32 bytes) of a seed. ValueError for a seed that is none."""
    scalar, _ = yield from _secret(seed)
    return (yield from _times_base(scalar))


def sign_steps(seed: bytes, public: bytes, message: bytes):  # type: ignore[no-untyped-def]
    """A generator of steps that returns the signature (64 bytes) of `message`.

    seed, public: 32 bytes each, of one key. No step multiplies more than some 40 numbers of 255 bits or makes more
    than 16 rounds of a hash: about 0.2 ms on the unix port. Raises ValueError for a seed that is none.
    """
    scalar, prefix = yield from _secret(seed)
    once = int.from_bytes((yield from sha512.steps(prefix + message)), "little") % ORDER
    point = yield from _times_base(once)
    challenge = int.from_bytes((yield from sha512.steps(point + public + message)), "little") % ORDER
    return point + ((once + challenge * scalar) % ORDER).to_bytes(32, "little")
