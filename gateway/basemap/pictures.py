"""What a tile is, by its first bytes: what a service says of it is compared with that. Pure."""

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
TYPES = frozenset({PNG, JPEG, WEBP})


def type_of(data: bytes) -> str | None:
    """The media type of a picture that browsers draw, or None if it is none."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    return None
