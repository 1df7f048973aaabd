"""Objects to compact JSON text, as fast as the machine can: orjson when it is installed."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

try:
    import orjson
except ImportError:  # pragma: no cover - depends on the machine

    def dumps(value: Any) -> str:
        """`value` as compact JSON. Raises ValueError for NaN and infinity."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
else:

    def dumps(value: Any) -> str:
        """`value` as compact JSON."""
        return orjson.dumps(value).decode()


def loads(text: str) -> Any:
    """JSON text to objects. Raises ValueError only, however deep it is nested."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def answer(value: Any) -> Response:
    """A 200 answer. For long lists, which are not validated again: `views` makes what `schemas` describes."""
    return Response(dumps(value), media_type="application/json")
