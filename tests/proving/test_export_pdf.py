"""The report of an export as PDF: what it says can be read again, and nothing in it turns other text round."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest

sys.path.append(str(Path(__file__).parent))

from recorded import Recorder

from gateway.errors import ExportRefused
from gateway.evidence import export_pdf, overlay
from gateway.evidence.derive import Master
from gateway.evidence.export import Order, export
from gateway.evidence.overlay import Overlay
from protocol.manifest import key_id

HOSTILE = "复议\u202egnp 7 号"


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """Two recordings; of the second one the end is not here."""
    unit = Recorder(tmp_path / "unit")
    unit.record(0xA1, 30)
    unit.record(0xB2, 2, ends=False)
    masters = [Master(unit.path(at), one, 1_795_486_331_000) for at, one in enumerate(unit.sealed)]
    timeline = [{"at_ms": 1_795_486_330_600, "event": HOSTILE, "by": "陈调度"}]
    return Order(
        "I-20261126-0001", masters, {key_id(unit.public): unit.public}, "林静", 1_795_486_400_000, HOSTILE,
        {"案号": "(2026)闽0105执1287号"}, timeline, copies=False, pdf=True,
    )  # fmt: skip


def read(path: Path) -> list[str]:
    """The text of its pages."""
    with pypdfium2.PdfDocument(path) as paper:
        return [page.get_textpage().get_text_range() for page in paper]


def test_pdf_says_what_the_report_says_and_is_in_the_sums(order: Order, tmp_path: Path) -> None:
    export(order, tmp_path / "out", Overlay())
    pages = read(tmp_path / "out" / "report.pdf")
    said = "".join(pages)
    assert len(pages) > 1 and f"1 / {len(pages)}" in pages[0]
    for part in (
        "林静",
        "(2026)闽0105执1287号",
        "32 个分段中有 1 项不相符",
        "录像未完",
        "卫星校时",
        "到达",
        "陈调度",
    ):
        assert part in said, part
    for master in order.masters:
        assert master.manifest.sha256.hex() in said.replace("\r\n", "")
    assert "\u202e" not in said and "复议 gnp 7 号" in said
    assert "  report.pdf\n" in (tmp_path / "out" / "SHA256SUMS").read_text()


def test_pdf_is_the_same_each_time(order: Order, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        export(order, tmp_path / name, Overlay())
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_machine_that_can_make_none_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "FONTS", ("/nowhere.ttc",))
    with pytest.raises(ExportRefused, match="fonts-noto-cjk"):
        export_pdf.font_or_refused()
    program = (
        "import sys; sys.modules['fpdf'] = None\nfrom gateway.evidence import export_pdf\n"
        "from gateway.errors import ExportRefused\n"
        "try: export_pdf.font_or_refused()\nexcept ExportRefused as error: print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "a PDF needs fpdf2: pip install 'tipstaff[pdf]'\n"
