"""What leaves the gateway as text for people, such as exports and reports, in Chinese and English.

The console has its own dictionaries (`console/src/i18n`); the same thing has the same name in both.
"""

from gateway.api.csv_text import Language
from gateway.api.words.en import EN
from gateway.api.words.shape import Words
from gateway.api.words.zh import ZH

WORDS: dict[Language, Words] = {"zh": ZH, "en": EN}

__all__ = ["WORDS", "Words"]
