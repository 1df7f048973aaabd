"""Whether a unit's clocks went on as clocks do. Pure.

Segments are looked at by boot and by the unit's own monotonic clock, not in the order of the chain: what a power cut or
a card that was pulled left is sealed after what was recorded meanwhile. Recordings of one unit may share a time: one
that begins soon after another has the same moments before its event. Segments of one recording never do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from protocol.manifest import Manifest
from protocol.media import segment_name
from protocol.records import Stamp

TOLERANCE_MS = 2_000
"""A GNSS receiver that sets the clock moves it by less than this unless it was wrong."""
NO_BOOT = 0
"""Of a segment of which its unit knew nothing any more but the file."""
EARLIEST_S, LATEST_S = 1_577_836_800, 4_102_444_800
"""2020 and 2100. No unit is older; what is still to come in this century is no fault, for evidence is judged alike on
every day, whatever clock its judge has."""
Wrong = Callable[[Manifest, str, str], None]


def check(manifests: Sequence[Manifest], wrong: Wrong) -> None:
    """Calls `wrong(manifest, code, message)` for each place where the clocks of one key's segments did not go on."""
    boots: dict[int, list[Manifest]] = defaultdict(list)
    for one in manifests:
        if told_s := [at.utc_s for at in (one.first, one.last) if at.utc_s and not _may_be(at)]:
            wrong(one, "clock_wrong", f"its clock said UTC {told_s[0]} s, which is not between 2020 and 2100")
        if one.last.mono_ms < one.first.mono_ms and one.last.boot == one.first.boot:
            wrong(one, "overlap", f"it ends {one.first.mono_ms - one.last.mono_ms:,} ms before it begins")
        else:
            _step(one, one.first, one.last, "within the segment", wrong)
        if one.first.boot != NO_BOOT:
            boots[one.first.boot].append(one)
    latest: Manifest | None = None
    for _, of_boot in sorted(boots.items()):
        of_boot.sort(key=lambda one: (one.first.mono_ms, one.seq))
        for before, after in pairwise(of_boot):
            _step(after, before.last, after.first, f"since {segment_name(before.segment)}", wrong)
        told = [one for one in of_boot if _may_be(one.first) and _may_be(one.last)]
        if told and latest is not None:
            back_ms = _utc_ms(latest.last) - _utc_ms(told[0].first)
            if back_ms > TOLERANCE_MS:
                name = segment_name(latest.segment)
                wrong(
                    told[0],
                    "clock_step",
                    f"UTC is {back_ms:,} ms before {name}, and the unit was started after it",
                )
        latest = max(told, key=lambda one: _utc_ms(one.last), default=latest)


def check_recording(pieces: Sequence[Manifest], wrong: Wrong) -> None:
    """The same of one recording, in the order of its numbers: each segment begins when the one before has ended."""
    for before, after in pairwise(pieces):
        back_ms = before.last.mono_ms - after.first.mono_ms
        if before.last.boot == after.first.boot != NO_BOOT and back_ms > TOLERANCE_MS:
            name = segment_name(before.segment)
            wrong(after, "overlap", f"the unit's own clock went back by {back_ms:,} ms since {name}")


def _step(one: Manifest, old: Stamp, new: Stamp, where: str, wrong: Wrong) -> None:
    if old.boot == new.boot and old.utc_s and new.utc_s:
        step_ms = _utc_ms(new) - _utc_ms(old) - (new.mono_ms - old.mono_ms)
        if abs(step_ms) > TOLERANCE_MS:
            wrong(one, "clock_step", f"UTC was set {step_ms:+,} ms {where}")


def _may_be(stamp: Stamp) -> bool:
    return EARLIEST_S <= stamp.utc_s < LATEST_S


def _utc_ms(stamp: Stamp) -> int:
    return stamp.utc_s * 1000 + stamp.utc_ms
