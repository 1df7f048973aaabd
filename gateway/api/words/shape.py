"""What a dictionary has to say; a word that is missing is an error of the type checker, or of a test."""

from collections.abc import Mapping
from dataclasses import dataclass

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """One language. The keys of the mappings are those of the API."""

    lang: str
    state: Names
    kind: Names
    worth: Names
    #: Columns of the export, in its order.
    columns: tuple[str, ...]
