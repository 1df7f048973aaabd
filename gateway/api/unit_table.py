"""The list of units as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.api.csv_text import Cell, Language, time_of
from gateway.api.unit_faults import dropped, faults, state_of
from gateway.model import Court, UnitStatus

KIB_IN_MIB = 1024
STATES: dict[Language, dict[str, str]] = {
    "zh": {"online": "在线", "offline": "离线", "never": "从未上线"},
    "en": {"online": "online", "offline": "offline", "never": "never"},
}
PICTURES: dict[Language, dict[str, str]] = {
    "zh": {
        "ok": "正常",
        "black": "全黑",
        "covered": "镜头被遮挡",
        "frozen": "画面冻结",
        "blurred": "画面模糊",
    },
    "en": {},
}
FAULTS: dict[Language, dict[str, str]] = {
    "zh": {
        "battery": "电量低",
        "signal": "信号弱",
        "storage": "存储不足",
        "clock": "时钟",
        "picture": "画面异常",
        "drops": "有丢失",
        "error": "有错误",
        "certificate": "证书将到期",
        "revoked": "已吊销",
        "unregistered": "未登记",
    },
    "en": {},
}

Row = Callable[[UnitStatus, Mapping[str, Court], Language, int], Cell]
#: (Chinese head, English head, what stands below it).
COLUMNS: tuple[tuple[str, str, Row], ...] = (
    ("设备编号", "unit", lambda one, courts, lang, now: one.unit.unit_id),
    ("执行人员", "officer", lambda one, courts, lang, now: one.unit.officer),
    ("法院代码", "court id", lambda one, courts, lang, now: one.unit.court_id),
    ("法院", "court", lambda one, courts, lang, now: _court(one, courts)),
    ("案号", "case", lambda one, courts, lang, now: one.case_no),
    ("状态", "state", lambda one, courts, lang, now: STATES[lang][state_of(one)]),
    ("最后通信（北京时间）", "last seen (Beijing)", lambda one, courts, lang, now: time_of(one.seen_ms)),
    ("电量 %", "battery %", lambda one, courts, lang, now: one.battery_pct),
    ("充电", "charging", lambda one, courts, lang, now: one.charging),
    ("信号 dBm", "signal dBm", lambda one, courts, lang, now: one.signal_dbm),
    ("网络", "network", lambda one, courts, lang, now: one.network),
    ("可用存储 MiB", "storage free MiB", lambda one, courts, lang, now: _mib(one.storage_free_kib)),
    ("存储 MiB", "storage MiB", lambda one, courts, lang, now: _mib(one.storage_total_kib)),
    ("录制中", "recording", lambda one, courts, lang, now: one.recording),
    ("画面", "picture", lambda one, courts, lang, now: PICTURES[lang].get(one.picture or "", one.picture)),
    ("固件", "firmware", lambda one, courts, lang, now: one.firmware),
    ("时钟偏差 ms", "clock offset ms", lambda one, courts, lang, now: one.clock_offset_ms),
    ("丢失", "dropped", lambda one, courts, lang, now: dropped(one)),
    ("最近错误", "last error", lambda one, courts, lang, now: one.last_error),
    ("运行时间 s", "uptime s", lambda one, courts, lang, now: one.uptime_s),
    ("启动次数", "boot", lambda one, courts, lang, now: one.boot or None),
    ("已吊销", "revoked", lambda one, courts, lang, now: one.unit.revoked),
    (
        "证书到期（北京时间）",
        "certificate ends (Beijing)",
        lambda one, courts, lang, now: time_of(one.unit.certificate_ends_ms),
    ),
    ("纬度 WGS-84", "latitude WGS-84", lambda one, courts, lang, now: _degrees(one, "lat")),
    ("经度 WGS-84", "longitude WGS-84", lambda one, courts, lang, now: _degrees(one, "lon")),
    ("定位时间（北京时间）", "position at (Beijing)", lambda one, courts, lang, now: _fixed_at(one)),
    ("未结事件", "open incident", lambda one, courts, lang, now: one.incident_id),
    ("异常", "faults", lambda one, courts, lang, now: _faults(one, lang, now)),
)


def heads(language: Language) -> list[str]:
    """The first line."""
    return [chinese if language == "zh" else english for chinese, english, _ in COLUMNS]


def row(status: UnitStatus, courts: Mapping[str, Court], language: Language, now_ms: int) -> list[Cell]:
    """The line of one unit."""
    return [make(status, courts, language, now_ms) for _, _, make in COLUMNS]


def _court(status: UnitStatus, courts: Mapping[str, Court]) -> str | None:
    court = courts.get(status.unit.court_id)
    return None if court is None else court.name


def _mib(kib: int | None) -> int | None:
    return None if kib is None else kib // KIB_IN_MIB


def _degrees(status: UnitStatus, which: str) -> float | None:
    return getattr(status.fix, which) if status.fix is not None and status.fix.usable else None


def _fixed_at(status: UnitStatus) -> str | None:
    return time_of(status.fix.at_ms()) if status.fix is not None and status.fix.usable else None


def _faults(status: UnitStatus, language: Language, now_ms: int) -> str:
    return " ".join(FAULTS[language].get(name, name) for name in sorted(faults(status, now_ms)))
