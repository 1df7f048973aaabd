"""The one shape in which every bench reports."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], pct: float) -> float:
    """The value that `pct` percent of `values` do not exceed (nearest rank). Raises ValueError when empty."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * pct // 100))
    return ordered[int(rank) - 1]


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    return {
        "cpus": os.cpu_count(),
        "architecture": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


@dataclass(frozen=True, slots=True)
class Report:
    """Metrics, the raw limits of the same run, and targets.

    A metric is good at or below its target; one that is named in `at_least`, at or above it.
    """

    bench: str
    metrics: Mapping[str, float]
    raw: Mapping[str, float]
    targets: Mapping[str, float]
    notes: Mapping[str, object] = field(default_factory=dict)
    at_least: frozenset[str] = frozenset()

    def good(self, name: str) -> bool:
        """Whether this metric reached its target; one without a target did."""
        limit = self.targets.get(name)
        if limit is None:
            return True
        value = self.metrics[name]
        return value >= limit if name in self.at_least else value <= limit

    @property
    def ok(self) -> bool:
        """Whether every target was reached."""
        return all(self.good(name) for name in self.targets)

    def to_json(self) -> str:
        """One object on one line."""
        content = {
            "bench": self.bench,
            "metrics": {name: round(value, 5) for name, value in self.metrics.items()},
            "raw": {name: round(value, 5) for name, value in self.raw.items()},
            "targets": dict(self.targets),
            "ok": self.ok,
            "machine": machine(),
            **self.notes,
        }
        return json.dumps(content, ensure_ascii=False)
