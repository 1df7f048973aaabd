"""What kind of file something is, by its own bytes: what it is called and said to be is not believed."""

from __future__ import annotations

import codecs
import unicodedata

#: Where each kind shows itself: the media type, and (offset, bytes) of which all must be there.
MAGIC: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
    "application/pdf": ((0, b"%PDF-"),),
    "audio/wav": ((0, b"RIFF"), (8, b"WAVE")),
    "video/mp4": ((4, b"ftyp"),),
}
TEXT = "text/plain"
KINDS = (*MAGIC, TEXT)
EXTENSIONS = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "audio/wav": (".wav",),
    "video/mp4": (".mp4", ".m4v"),
    "text/plain": (".txt", ".log", ".csv", ".md"),
}
HEAD_BYTES = 12


class NotOfItsKind(ValueError):
    """The bytes are not what they are said to be."""


class KindCheck:
    """Looks at a file as it comes in. Call it with each part, and at the end with `last`; raises NotOfItsKind."""

    def __init__(self, media_type: str) -> None:
        self._media_type = media_type
        self._head = b""
        self._text = codecs.getincrementaldecoder("utf-8")() if media_type == TEXT else None

    def __call__(self, part: bytes, last: bool) -> None:
        known = len(self._head) >= HEAD_BYTES
        if not known:
            self._head += part[: HEAD_BYTES - len(self._head)]
        if self._text is not None:
            self._check_text(part, last)
        elif (not known and len(self._head) >= HEAD_BYTES) or last:
            for offset, magic in MAGIC[self._media_type]:
                if self._head[offset : offset + len(magic)] != magic:
                    raise NotOfItsKind(self._media_type)
        if last and not self._head:
            raise NotOfItsKind(self._media_type)

    def _check_text(self, part: bytes, last: bool) -> None:
        assert self._text is not None
        try:
            text = self._text.decode(part, last)
        except UnicodeDecodeError:
            raise NotOfItsKind(TEXT) from None
        if any(char < " " and char not in "\t\r\n\f" for char in text):
            raise NotOfItsKind(TEXT)


def name_on_disk(name: str, media_type: str) -> str:
    """The name under which a browser keeps the file: nothing in it hides or turns round its end, and the end is that
    of its kind."""
    shown = "".join(
        char for char in name if unicodedata.category(char)[0] != "C" and char not in '/\\:*?"<>|'
    )
    shown = shown.strip(" .") or "attachment"
    endings = EXTENSIONS[media_type]
    return shown if shown.lower().endswith(endings) else shown + endings[0]
