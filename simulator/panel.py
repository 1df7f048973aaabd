"""What a person sees: the live panel of one unit and the table of a scenario, drawn with rich."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simulator.felt import Felt
from simulator.scenario import Report
from simulator.unit import Unit

MS_PER_CHAR = 50
BAR_CHARS = 44
FELT_LINES = 8
EVENT_LINES = 5
OVER = ("closed", "refused")


def bar(pulses_ms: tuple[int, ...]) -> str:
    """Pulses (on, off, on, …) as text: a block for each 50 ms of vibration, a dot for each of rest."""
    text = ""
    for index, duration_ms in enumerate(pulses_ms):
        text += ("·" if index % 2 else "█") * max(1, round(duration_ms / MS_PER_CHAR))
        if len(text) > BAR_CHARS:
            return text[: BAR_CHARS - 1] + "…"
    return text.rstrip("·")


def felt_table(felt: list[Felt], now_s: float, lines: int = FELT_LINES) -> Table:
    """The newest patterns, newest first, with their age and their pulses."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for entry in reversed(felt[-lines:]):
        table.add_row(f"{now_s - entry.at_monotonic_s:.0f} s ago", entry.pattern, bar(entry.pulses_ms))
    if not felt:
        table.add_row("", "nothing yet", "")
    return table


def alarm_text(unit: Unit) -> Text:
    """Whether an alarm is open, and what the officer was told last."""
    felt = [entry.pattern for entry in unit.felt]
    told = [pattern for pattern in felt if pattern not in ("refused", "test")]
    if not told and ("test" in felt or not unit.alarms):
        return Text("no alarm")
    last = told[-1] if told else "nothing"
    if last in OVER:
        return Text("no alarm (the last one is closed)")
    return Text(f"ALARM open, officer last told: {last}", style="bold red")


def link_text(unit: Unit) -> Text:
    """The link's state and counters."""
    stats, shape = unit.link.stats, unit.link.present_shape
    if unit.link.is_cut:
        state = Text(f"CUT ({unit.link.cut_mode})", style="bold yellow")
    elif shape.clear:
        state = Text("clear")
    else:
        bandwidth = f"{shape.bandwidth_bytes_s:g} B/s" if shape.bandwidth_bytes_s else "unlimited"
        state = Text(f"{bandwidth}, {shape.delay_ms:g} ms, {shape.loss_pct:g} % loss", style="yellow")
    mqtt = "connected" if unit.connected else "no connection"
    moved = f"up {stats.bytes_up:,} B   down {stats.bytes_down:,} B   connections {stats.connections}"
    return state + Text(f"   unit says: {mqtt}   {moved}")


def media_text(unit: Unit) -> Text:
    """What camera and microphone gave, what was not taken, and what the gateway does not have yet."""
    counts = unit.media.counts
    text = f"{counts.pictures} pictures, {counts.sound_ms / 1000:.0f} s of sound"
    if counts.pictures_dropped or counts.sound_dropped_ms:
        text += f"; not taken: {counts.pictures_dropped} and {counts.sound_dropped_ms / 1000:.1f} s"
    told = unit.stats.get("counters")
    waiting = told.get("segments_waiting", 0) if isinstance(told, dict) else 0
    return Text(f"{text}; segments that wait for the gateway: {waiting}")


def speech_text(unit: Unit) -> Text:
    """What was said to the officer, and what of it the unit did not say aloud."""
    told = unit.stats.get("counters")
    dropped = told.get("talk_dropped", 0) if isinstance(told, dict) else 0
    text = f"{unit.speaker.speech_ms / 1000:.1f} s heard"
    return Text(f"{text}; packets that were not: {dropped}" if dropped else text)


def unit_panel(unit: Unit, now_s: float, keys: str, notice: str, gateway: str) -> RenderableType:
    """The whole screen of `tipstaff simulate --interactive`."""
    facts = Table(box=None, padding=(0, 1), show_header=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="ellipsis", no_wrap=True)
    power = (
        Text(f"on, boot {unit.boot}, process {unit.pid}")
        if unit.running
        else Text("OFF", style="bold yellow")
    )
    epoch = unit.gnss.epoch()
    low = unit.battery_pct <= 15
    facts.add_row("power", power)
    facts.add_row("battery", Text(f"{unit.battery_pct:.0f} %", style="yellow" if low else ""))
    facts.add_row("alarm", alarm_text(unit))
    facts.add_row("link", link_text(unit))
    moving = f"moving {epoch.speed_m_s:.1f} m/s" if unit.gnss.moving else "standing"
    sky = Text(f"{unit.gnss.mode}", style="yellow" if unit.gnss.mode != "good" else "")
    facts.add_row("position", Text(f"{epoch.lat:.5f} {epoch.lon:.5f}  {moving}  receiver: ") + sky)
    if unit.media.camera_port is not None or unit.media.microphone_port is not None:
        facts.add_row("recording", media_text(unit))
    if unit.speaker.port is not None:
        facts.add_row("loudspeaker", speech_text(unit))
    if unit.stats:
        heap = f"heap {unit.stats.get('heap_used')} used, {unit.stats.get('heap_free')} free"
        facts.add_row("firmware", f"{heap}, longest step {unit.stats.get('longest_step_us')} us")
    if gateway:
        facts.add_row("gateway", gateway)
    events = Text(
        "\n".join(f"{now_s - at_s:4.0f} s ago  {text}" for at_s, text in list(unit.events)[-EVENT_LINES:])
    )
    events.no_wrap, events.overflow = True, "ellipsis"
    title = f"unit {unit.unit_id}  court {unit.court_id}  {unit.firmware}"
    return Group(
        Panel(facts, title=title, title_align="left"),
        Panel(
            felt_table(unit.felt, now_s), title="felt by the officer (a block is 50 ms)", title_align="left"
        ),
        Panel(events, title="events", title_align="left"),
        Text(keys, overflow="fold"),
        Text(notice, style="bold"),
    )


def report_table(report: Report, elapsed_s: float) -> RenderableType:
    """Steps and expectations of a scenario, while it runs and afterwards."""
    steps = Table(title=None, box=None, padding=(0, 1))
    steps.add_column("at", justify="right", style="dim")
    steps.add_column("step", overflow="fold")
    for result in report.steps:
        at = f"{result.at_s:.1f} s" if result.at_s is not None else f"({result.step.at_s:g} s)"
        text = Text(result.step.text, style="" if result.at_s is not None else "dim")
        if result.error:
            text.append(f"  FAILED: {result.error}", style="bold red")
        steps.add_row(at, text)
    checks = Table(title=None, box=None, padding=(0, 1))
    checks.add_column("", no_wrap=True)
    checks.add_column("expected", overflow="fold")
    checks.add_column("seen", overflow="fold")
    for outcome in report.outcomes:
        mark = {None: Text("...", style="dim"), True: Text("pass"), False: Text("FAIL", style="bold red")}
        checks.add_row(mark[outcome.passed], outcome.expectation.text, outcome.detail)
    state = f"{elapsed_s:.0f} s" if not report.finished else ("PASSED" if report.ok else "FAILED")
    title = f"{report.scenario.name}: {report.scenario.title} [{state}]"
    return Group(Text(title, style="bold"), Text(), steps, Text(), checks)
