"""The report of an export: for a judge. `export_verify` has the page for an expert who checks it without us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from gateway.clock import beijing

ROWS_MAX = 5000
SEGMENT_HEADS = ("segment", "time", "ours", "size", "hash", "proof")
TIMELINE_HEADS = ("server", "device", "what", "who")

STYLE = """
body { font: 14px/1.6 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #14181c; max-width: 76em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 22px; } h2 { font-size: 16px; margin-top: 2em; border-bottom: 1px solid #98a4b0; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: 3px 8px 3px 0; border-bottom: 1px solid #dde3e9; }
th { font-weight: 600; color: #46525e; } td.time { white-space: nowrap; } td.wide { overflow-wrap: anywhere; font-family: monospace; font-size: 12px; }
pre { background: #f2f4f6; padding: 8px 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
.ok::before { content: "✓ "; } .fault::before { content: "✕ "; } .fault { font-weight: 700; color: #8f1016; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""  # noqa: E501

ZH = {
    "by": "导出人", "at": "导出时间", "reason": "事由", "kind": "类别",
    "evidence": "原件及证明", "disclosure": "披露副本（经遮盖，不含原件）",
    "segments": "录像分段", "segment": "分段", "time": "设备时间（北京时间）", "size": "字节",
    "ours": "服务器时间（北京时间）", "heard": "到达", "sealed": "封存",
    "qualities": ("设备时钟未校准", "实时钟", "网络校时", "卫星校时"),
    "hash": "SHA-256", "proof": "校验",
    "holds": "相符", "timeline": "经过", "server": "服务器时间", "device": "设备时间", "what": "事项", "who": "何人",
    "unset": "设备时钟未校准", "copies": "播放副本", "check": "如何不依赖本系统进行核验",
    "cut": "仅列出前 {} 条；全部见 export.json。",
    "absent": "未包含在内", "files": "案件材料",
    "result": "校验结果", "all_hold": "{} 个分段全部相符", "some_not": "{} 个分段中有 {} 项不相符，见下表",
    "codes": {
        "changed": "内容有改动", "cut_tail": "末尾缺失", "longer": "多出内容", "missing": "原件不在",
        "missing_before": "之前有分段缺失", "no_end": "录像未完，其后的分段不在", "added": "多出的文件或分段",
        "doubled": "文件重复", "reordered": "内容是另一分段的", "unreadable": "清单无法读取",
        "wrong_key": "公钥不在登记簿中，或不是该设备的",
        "bad_signature": "签名不符", "chain_broken": "与前一分段的链接不符", "clock_step": "时钟被调整",
        "clock_wrong": "时钟有误", "overlap": "时间倒退",
    },
    "not_shown": "{} 幅画面无法解码，未包含",
    "shortened": "{} 处无录像的间隔已缩短，共略去 {:,} 秒",
    "looked": "给出披露副本之前，须由人员从头到尾观看一遍：自动查找的人脸可能有遗漏，声音未经处理。",
    "note": "derived 中的副本带有叠加文字，仅供观看，不是证据；证据是 recordings 中的原件。",
}  # fmt: skip
EN = {
    "by": "Exported by", "at": "Exported at", "reason": "Reason", "kind": "Kind",
    "evidence": "masters with their proof",
    "disclosure": "disclosure copy (covered; without masters)", "segments": "Segments", "segment": "Segment",
    "time": "Device's time (Beijing)", "ours": "Server's time (Beijing)", "heard": "came", "sealed": "sealed",
    "qualities": ("clock not set", "battery clock", "network time", "GNSS time"),
    "size": "Bytes", "hash": "SHA-256", "proof": "Proof", "holds": "holds",
    "timeline": "Timeline", "server": "Server's time", "device": "Device's time", "what": "What", "who": "Who",
    "unset": "the unit's clock was not set", "copies": "Playable copies",
    "check": "How to check this without our program",
    "cut": "The first {} only; all of them are in export.json.",
    "absent": "Not in it", "files": "The incident",
    "result": "Result", "all_hold": "all {} segments hold", "some_not": "of {} segments {} do not hold: see below",
    "codes": {},
    "not_shown": "{} pictures cannot be decoded and are not in it",
    "shortened": "{} gaps without recording are shortened, by {:,} s in all",
    "looked": "A person must watch a disclosure copy from its beginning to its end before it is given out: faces that"
    " are found by machine are not all faces, and the sound is as it was.",
    "note": "The copies in `derived` carry burned-in text and are for the eye. The evidence is in `recordings`.",
}  # fmt: skip


def page(index: Mapping[str, Any], language: str) -> str:
    """One self-contained HTML page, without scripts, of what `export.json` says. language: zh or en."""
    w = words(language)
    result = _result(index, w)
    judged = "" if result is None else f' class="{"ok" if result[0] else "fault"}"'
    parts = [
        f'<!doctype html><html lang="{"en" if w is EN else "zh-CN"}"><head><meta charset="utf-8">',
        f"<title>{_text(index['title'])}</title><style>{STYLE}</style></head><body>",
        f"<h1><bdi>{_text(index['title'])}</bdi></h1><table>",
        *[
            f"<tr><th>{_text(name)}</th><td{judged if name == w['result'] else ''}><bdi>{_text(value)}</bdi></td></tr>"
            for name, value in facts(index, w)
        ],
        "</table>",
    ]
    if not index["disclosure"]:
        parts += _segments(index, w)
    if index["copies"]:
        files = "".join(
            f'<li><a href="{_text(copy["file"])}">{_text(copy["file"])}</a>{_text(lacks(copy, w))}</li>'
            for copy in index["copies"]
        )
        said = w["looked"] if index["disclosure"] else w["note"]
        parts.append(f"<h2>{w['copies']}</h2><ul>{files}</ul><p>{said}</p>")
    if index["files"]:
        files = "".join(f'<li><a href="{_text(name)}">{_text(name)}</a></li>' for name in index["files"])
        parts.append(f"<h2>{w['files']}</h2><ul>{files}</ul>")
    if index["timeline"]:
        parts += _timeline(index, w)
    if not index["disclosure"]:
        parts.append(f'<h2>{w["check"]}</h2><p><a href="verify.html">verify.html</a></p>')
    return "".join(parts) + "</body></html>\n"


def _segments(index: Mapping[str, Any], w: Mapping[str, Any]) -> list[str]:
    heads = "".join(f"<th>{w[key]}</th>" for key in SEGMENT_HEADS)
    rows = [f"<h2>{w['segments']}</h2><table><tr>{heads}</tr>"]
    for one, holds, said in judged(index, w, ROWS_MAX):
        verdict = f'<td class="{"ok" if holds else "fault"}">{_text("; ".join(said))}</td>'
        rows.append(
            f'<tr><td class="wide time">{_text(one["segment"])}</td><td class="time">{"<br>".join(theirs(one, w))}</td>'
            f'<td class="time">{"<br>".join(ours(one, w))}</td><td>{one["size"]:,}</td>'
            f'<td class="wide">{_text(one["sha256"])}</td>{verdict}</tr>'
        )
    return [*rows, "</table>", _cut(len(index["segments"]), w)]


def words(language: str) -> Mapping[str, Any]:
    """language: zh or en."""
    return EN if language == "en" else ZH


def facts(index: Mapping[str, Any], w: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What it is, by whom and why, and the line that everybody looks for."""
    result = _result(index, w)
    return [
        (w["by"], index["made_by"]),
        (w["at"], clock(index["made_ms"], w)),
        *([(w["reason"], index["reason"])] if index["reason"] else []),
        (w["kind"], w["disclosure"] if index["disclosure"] else w["evidence"]),
        *([(w["result"], result[1])] if result is not None else []),
        *([(w["absent"], "; ".join(index["absent"]))] if index["absent"] else []),
        *index["facts"].items(),
    ]


def theirs(one: Mapping[str, Any], w: Mapping[str, Any]) -> list[str]:
    """From when to when a segment was recorded by the unit's clock, and what had set that."""
    if not one["first_ms"]:
        return [w["unset"]]
    return [*(clock(one[key], w) for key in ("first_ms", "last_ms")), w["qualities"][one["quality"]]]


def judged(
    index: Mapping[str, Any], w: Mapping[str, Any], most: int
) -> Iterator[tuple[Mapping[str, Any], bool, list[str]]]:
    """The first `most` segments, each with whether it holds, and that in words."""
    proof = {one["segment"]: one for one in index["proof"]}
    for one in index["segments"][:most]:
        found = proof.get(one["segment"], {"ok": False, "faults": ["?"]})
        yield one, found["ok"], [w["holds"]] if found["ok"] else [_fault(text, w) for text in found["faults"]]


def told(index: Mapping[str, Any], w: Mapping[str, Any], most: int) -> Iterator[tuple[str, str, str, str]]:
    """The first `most` entries of the timeline: our time, the unit's, what happened, by whom."""
    for one in index["timeline"][:most]:
        server, device = (clock(one[key], w) if key in one else "" for key in ("at_ms", "device_ms"))
        yield server, device, one.get("event", ""), one.get("by") or ""


def lacks(copy: Mapping[str, Any], w: Mapping[str, Any]) -> str:
    """What of the masters, and of the time between them, a copy does not show."""
    count, gaps = copy["pictures_not_decodable"], copy["gaps_shortened"]
    said = [w["not_shown"].format(count)] if count else []
    if gaps:
        said.append(w["shortened"].format(len(gaps), round(sum(one["left_out_ms"] for one in gaps) / 1000)))
    return f" ({'; '.join(said)})" if said else ""


def ours(one: Mapping[str, Any], w: Mapping[str, Any]) -> list[str]:
    """When it came here and when it was whole, by our clock."""
    return [f"{clock(one[f'{key}_ms'], w)} {w[key]}" for key in ("heard", "sealed") if one[f"{key}_ms"]]


def _timeline(index: Mapping[str, Any], w: Mapping[str, Any]) -> list[str]:
    heads = "".join(f"<th>{w[key]}</th>" for key in TIMELINE_HEADS)
    rows = [f"<h2>{w['timeline']}</h2><table><tr>{heads}</tr>"]
    for server, device, what, who in told(index, w, ROWS_MAX):
        rows.append(
            f'<tr><td class="time">{server}</td><td class="time">{device}</td>'
            f"<td><bdi>{_text(what)}</bdi></td><td><bdi>{_text(who)}</bdi></td></tr>"
        )
    return [*rows, "</table>", _cut(len(index["timeline"]), w)]


def _result(index: Mapping[str, Any], w: Mapping[str, Any]) -> tuple[bool, str] | None:
    """Whether all of it holds, in words, too; None of what has no proof."""
    if index["disclosure"] or not index["proof"]:
        return None
    count, faulty = len(index["proof"]), sum(not one["ok"] for one in index["proof"])
    return not faulty, w["some_not"].format(count, faulty) if faulty else w["all_hold"].format(count)


def _fault(said: str, w: Mapping[str, Any]) -> str:
    """A fault in the page's language, with the words of `tipstaff verify` beside it."""
    word = w["codes"].get(said.partition(":")[0])
    return f"{word}（{said}）" if word else said


def _cut(count: int, w: Mapping[str, Any]) -> str:
    return f"<p>{w['cut'].format(ROWS_MAX)}</p>" if count > ROWS_MAX else ""


def _text(value: object) -> str:
    return escape(str(value))


def clock(utc_ms: int | None, w: Mapping[str, Any]) -> str:
    """In Beijing."""
    if not utc_ms:
        return str(w["unset"])
    at = beijing(utc_ms)
    return at.strftime("%Y-%m-%d %H:%M:%S") if at is not None else f"UTC {utc_ms} ms"
