"""The page that says how to check an export without our program: each command can be pasted as it stands.

They need a shell (bash, as on Linux, macOS, or Git for Windows), sha256sum, od and OpenSSL 3, and print nothing but
what does not hold, except where they say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from gateway.evidence.export_page import STYLE
from gateway.evidence.export_plain import Layout
from protocol.manifest import Manifest

FILES = """\
sha256sum --check --quiet SHA256SUMS && echo files: ok
find . -type f ! -path ./SHA256SUMS | cut -c3- | grep -vxF -f <(cut -c67- SHA256SUMS) \\
  | sed 's/$/: SHA256SUMS does not name it/'"""

SIGNATURES = """\
while read -r key stem; do
  openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$stem.signed" -sigfile "$stem.signature" >/dev/null \\
    || echo "$stem: signature does not hold"
done < keys/signed.txt && echo signatures: done"""

MASTERS = """\
while read -r key stem; do
  [ -e "$stem.mkv" ] || { echo "$stem: its file is not here"; continue; }
  hash=$(sha256sum < "$stem.mkv" | cut -c1-64)
  od -An -v -tx1 "$stem.signed" | tr -d ' \\n' | grep -q "$hash" || echo "$stem: not the file that was signed"
done < keys/signed.txt
for file in recordings/*/*.*; do
  grep -q " ${file%.*}$" keys/signed.txt || echo "$file: nobody signed it"
done; echo masters: done"""

CHAIN = """\
before=; gap=
while read -r stem; do
  [ -n "$stem" ] || { gap=yes; continue; }
  [ -z "$before" ] || { [ -n "$gap" ] && [ "${stem%/*}" != "${before%/*}" ]; } \\
    || od -An -v -tx1 "$stem.signed" | tr -d ' \\n' | grep -q "$(sha256sum < "$before.manifest" | cut -c1-64)" \\
    || echo "$stem: not chained to the one before"
  before=$stem; gap=
done < chain.txt
for folder in recordings/*; do
  number=0
  while grep -qx "$folder/${folder: -16}-$number" chain.txt; do number=$((number + 1)); done
  [ "$number" = "$(grep -c "^$folder/" chain.txt)" ] || echo "$folder: segment $number is not here"
done; echo chain: done"""

OWNER = """\
n='(0.|1[0-7]|18..|19.{4}|1a.{8}|1b.{16})'; stamp="85$n$n$n$n$n"
before="^..0001014c.{24}02${n}035820.{64}04${stamp}05${stamp}06${n}075820.{64}08${n}09${n}0a${n}0b"
while read -r key stem; do
  id=$(openssl pkey -pubin -in "$key" -outform DER | tail -c 32 | sha256sum | cut -c1-16)
  unit=${key##*/}; unit=${unit%-*}; head=$(printf %02x $((96 + ${#unit})))
  [ ${#unit} -lt 24 ] || head=$(printf 78%02x ${#unit})
  named=$head$(printf %s "$unit" | od -An -v -tx1 | tr -d ' \\n')0c48$id
  od -An -v -tx1 "$stem.signed" | tr -d ' \\n' | grep -Eq "$before$named" \\
    || echo "$stem: was not signed for $unit with the key of this name"
  echo "$id $key"
done < keys/signed.txt | sort -u"""

LOG = """\
for log in incidents/*/log.txt; do
  before=$(printf '0%.0s' {1..64})
  while read -r hash row; do
    before=$({ printf "$(printf %s "$before" | sed 's/../\\\\x&/g')"; printf %s "$row"; } | sha256sum | cut -c1-64)
    [ "$before" = "$hash" ] || { echo "$log: broken before: $row"; break; }
  done < "$log"
done; echo log: done"""

ZH = {
    "title": "如何不依赖本系统进行核验",
    "lead": "在本文件夹中打开终端（bash；Windows 可用 Git for Windows 自带的终端），逐条粘贴下列命令。"
    "需要 sha256sum、od 和 OpenSSL 3。除末尾的提示外，命令不应有其他输出。",
    "files": "每个文件与导出时一致，且没有多出的文件：",
    "sums": "SHA256SUMS 本身的 SHA-256 记录在导出系统的审计日志中，可要求其出示：",
    "signatures": "每一分段的签名由 keys 中的设备公钥作出：",
    "masters": "每个原件就是被签名的那个文件（签名内容中含有其 SHA-256）：",
    "chain": "分段未被抽换、重排或从中抽走（每份签名内容中含有前一份清单的 SHA-256，每份录像从 0 号起连续；"
    "空行表示两份录像之间有不属于本次导出的分段）：",
    "log": "案件日志未被改动（每行开头的 SHA-256 由前一行的 SHA-256 与本行内容算出）：",
    "owner": "文件夹中的公钥本身不能证明其归属。下列命令由公钥算出其编号；请向法院核对设备登记簿（tipstaff keys）"
    "中文件名所指设备的公钥编号，须逐字相同。命令同时检查每份签名内容所写的设备和公钥编号与此是否一致：",
    "tool": "若已安装 tipstaff，下列命令完成上述对原件的全部核验，并检查时钟以及每份录像的结尾是否在内：",
}
EN = {
    "title": "How to check this without our program",
    "lead": "Open a terminal in this folder (bash; on Windows the one of Git for Windows) and paste each command. They"
    " need sha256sum, od and OpenSSL 3, and print what does not hold, and nothing else but the words at their end.",
    "files": "Every file is as it was exported, and there is no other:",
    "sums": "The SHA-256 of SHA256SUMS itself stands in the audit of the system that made this; ask for it:",
    "signatures": "Each segment is signed with a unit's key that lies in `keys`:",
    "masters": "Each master is the file that was signed (its SHA-256 is in what the signature is over):",
    "chain": "No segment was exchanged, moved or taken out (the SHA-256 of each manifest is in the next one, and each"
    " recording is numbered from 0 on; an empty line stands for segments between two recordings that are not part of"
    " this export):",
    "log": "The incident's log was not changed (the SHA-256 before each row is of the one before it and of the row):",
    "owner": "A key that lies here proves nothing about its owner. This makes the id of each key from the key itself;"
    " it must be, to the letter, the one in the court's register (`tipstaff keys`) of the unit in the file's name. It"
    " also names each segment of which the signed bytes say another unit or key than that:",
    "tool": "With tipstaff installed, one command does all of this for the masters, and checks the clocks and whether"
    " each recording's end is here:",
}


def verify_page(index: Mapping[str, Any], language: str) -> str:
    """One self-contained HTML page, without scripts. language: zh or en."""
    w = EN if language == "en" else ZH
    steps = [("files", FILES), ("sums", "sha256sum SHA256SUMS")]
    if index["segments"] or index["proof"]:
        steps += [("signatures", SIGNATURES), ("masters", MASTERS), ("chain", CHAIN)]
    if any(name.endswith("/log.txt") for name in index["files"]):
        steps.append(("log", LOG))
    if index["segments"] or index["proof"]:
        steps.append(("owner", OWNER))
    shown = "".join(f"<li>{w[name]}<pre>{escape(command)}</pre></li>" for name, command in steps)
    return (
        f'<!doctype html><html lang="{"en" if w is EN else "zh-CN"}"><head><meta charset="utf-8">'
        f"<title>{w['title']}</title><style>{STYLE}</style></head><body><h1>{w['title']}</h1><p>{w['lead']}</p>"
        f"<ol>{shown}<li>{w['tool']}<p><code>tipstaff verify .</code></p></li></ol></body></html>\n"
    )


def chain_text(manifests: Sequence[Manifest], layout: Layout) -> str:
    """The stems of the manifests in the order of their chains, with an empty line where something lies between."""
    lines = [layout.stem(manifests[0])] if manifests else []
    for before, after in pairwise(manifests):
        if (before.key_id, before.seq + 1) != (after.key_id, after.seq):
            lines.append("")
        lines.append(layout.stem(after))
    return "".join(line + "\n" for line in lines)


def signed_text(manifests: Sequence[Manifest], layout: Layout) -> str:
    """Which key signed what."""
    return "".join(f"keys/{one.unit}-{one.key_id.hex()}.pem {layout.stem(one)}\n" for one in manifests)
