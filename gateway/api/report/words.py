"""The words of the report in both languages, each key in both (tested); states and kinds are in `gateway.api.words`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.api.csv_text import Language
from gateway.api.report.words_en import EN
from gateway.api.report.words_zh import WHY, ZH
from gateway.api.words import WORDS

_WHY = [(re.compile(f"^{pattern}$"), said) for pattern, said in WHY]


class ReportWords:
    """A dictionary; `w["key"]` is a text, `w.of("state", "NEW")` a name, which is the raw value when it is unknown."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.lang = WORDS[language].lang
        self._texts: Mapping[str, Any] = {"zh": ZH, "en": EN}[language]
        names = WORDS[language]
        self._names = {"state": names.state, "kind": names.kind, "worth": names.worth}

    def __getitem__(self, key: str) -> str:
        text = self._texts[key]
        assert isinstance(text, str), key
        return text

    def of(self, names: str, value: object) -> str:
        """The name of a value."""
        known = self._names[names] if names in self._names else self._texts[names]
        return str(known.get(str(value), value))

    def why(self, english: str) -> str:
        """A reason of the ranking, which the gateway writes in English; a sentence that is unknown stays as it is."""
        if self.language == "en":
            return english
        parts = []
        for part in english.split("; "):
            found = next(((pattern, said) for pattern, said in _WHY if pattern.match(part)), None)
            parts.append(found[0].sub(found[1], part) if found is not None else part)
        return "；".join(parts)

    def list(self, *parts: str | None) -> str:
        """Texts one after another, without those that are empty."""
        return " · ".join(part for part in parts if part)

    def duration(self, for_ms: int) -> str:
        """A length of time, to the second above a minute."""
        seconds = abs(for_ms) / 1000
        if seconds < 60:
            return f"{seconds:.1f} {self['seconds']}"
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        text = f"{minutes} {self['minutes']} {rest} {self['seconds']}"
        return f"{hours} {self['hours']} {text}" if hours else text

    def metres(self, metres: float) -> str:
        """A distance."""
        return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.2f} km"
