"""The words of an export's facts, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.api.csv_text import Language


@dataclass(frozen=True, slots=True)
class ExportWords:
    """`states`: why a segment is not in an export, by its state."""

    incident: str
    recordings: str
    recording: str
    unit: str
    officer: str
    court: str
    case_no: str
    begins: str
    mark: str
    ends: str
    cut: str
    other_courts: str
    thinned: str
    missing: str
    states: Mapping[str, str]


WORDS: Mapping[Language, ExportWords] = {
    "zh": ExportWords(
        incident="事件",
        recordings="录像",
        recording="录像编号",
        unit="执法记录仪",
        officer="人员",
        court="法院",
        case_no="案号",
        begins="录像开始",
        mark="人员标记",
        ends="录像结束",
        cut="录像中断",
        other_courts="其他法院的录像 {} 份（无权查看）",
        thinned="{}：定位记录过多，已均匀抽取",
        missing="文件不在存储中",
        states={
            "growing": "尚在接收，未封存",
            "wanted": "尚有缺失，未封存",
            "sealed": "已封存",
            "deleted": "保存期满，已删除",
        },
    ),
    "en": ExportWords(
        incident="Incident",
        recordings="Recordings",
        recording="Recording",
        unit="Unit",
        officer="Officer",
        court="Court",
        case_no="Case number",
        begins="recording begins",
        mark="mark by the officer",
        ends="recording ends",
        cut="recording is cut off",
        other_courts="{} recordings of other courts, which are not yours to see",
        thinned="{}: too many positions, thinned evenly",
        missing="its file is not in the store",
        states={
            "growing": "still coming in, not sealed",
            "wanted": "bytes are missing, not sealed",
            "sealed": "sealed",
            "deleted": "its time was over: deleted",
        },
    ),
}
