"""The dossier as a PDF in Chinese, as it is handed to an inspector: the same bytes for the same dossier.

The typeface (Noto Sans SC, SIL Open Font License) comes with a package and is embedded as far as it is used,
so that the text can be read, searched and copied on any machine, and in ten years.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, VAlign
from fpdf.fonts import FontFace

from wuma.chain.dossier.facade import (
    BY_ID,
    HEADINGS,
    Due,
    Finding,
    Kind,
    Section,
    Standing,
    Why,
    items_for,
    judge,
    limit_of,
)
from wuma.journeys.batch_dossier.gather import Dossier, Step
from wuma.kernel.clock import CHINA_TIME

FONT: Final = Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"
TITLE: Final = "婴幼儿配方乳粉批次档案"

_INK, _QUIET, _LINE = (22, 33, 28), (84, 98, 91), (200, 208, 204)
_FILL, _RED = (236, 242, 240), (176, 32, 26)
_GREEN: Final = (11, 107, 87)
_SIZE: Final = 8.5

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table it leaves out

FINDINGS: Final = {
    Finding.WITHIN: "合格",
    Finding.OUTSIDE: "超限",
    Finding.NO_LIMIT: "",
    Finding.UNDECIDED: "无法判定",
}
WHY: Final = {
    Why.MISSING: "缺失",
    Why.NO_SUBJECT: "一条记录也没有",
    Why.OUTSIDE: "超出限量",
    Why.FAILED: "不合格",
    Why.UNDECIDED: "无法判定",
    Why.NO_LIMIT: "未写明限量",
}
_TITLES: Final = ("项目", "记录", "限量或要求", "判定", "方法 / 仪器 / 人员")
_IN_NUMBERS: Final = frozenset({Section.PROCESS, Section.LAB})
"""The sections whose items are measured: they have limits, methods and instruments."""
STATES: Final = {"open": "未放行", "quality": "质量已放行", "market": "已放行上市"}
SOURCES: Final = {"form": "录入", "file": "文件导入", "event": "EPCIS 事件"}
STEPS: Final = {
    "storing": "入库", "receiving": "收货", "stocking": "上架", "holding": "暂存", "shipping": "发货",
    "departing": "出发", "arriving": "到达", "retail_selling": "零售", "dispensing": "分发",
    "accepting": "签收",
}  # fmt: skip
CONCERNS: Final = {
    "opened": "开封前已开启", "packaging": "包装", "code_copied": "码被复制", "code_unreadable": "码无法识读",
    "contents": "内容物", "unwell": "食用后不适", "other": "其他",
}  # fmt: skip


def printed(dossier: Dossier) -> bytes:
    """Return the dossier as a PDF."""
    sheet = _Sheet(dossier)
    sheet.opening()
    for section, heading in HEADINGS.items():
        rows = _rows(dossier, section)
        if rows:
            sheet.chapter(f"{heading.zh}", heading.clause)
            for subject, some in rows:
                if subject:
                    sheet.about(f"{heading.subject_zh}：{subject}")
                if section in _IN_NUMBERS:
                    sheet.grid(_TITLES, (48, 48, 34, 16, 40), some)
                else:
                    sheet.grid(_TITLES[:2], (48, 138), [row[:2] for row in some], bad=1)
    sheet.events("出入库记录", dossier.stored)
    sheet.events("发货与流通记录", dossier.sold)
    _complaints(sheet, dossier)
    _gaps(sheet, dossier)
    _corrections(sheet, dossier)
    _releases(sheet, dossier)
    return bytes(sheet.output())


class _Sheet(FPDF):
    """A4 pages with our head and foot."""

    def __init__(self, dossier: Dossier) -> None:
        super().__init__(format="A4")
        self._dossier = dossier
        self.set_creation_date(dossier.batch.created_at)
        self.set_title(f"{TITLE} {dossier.batch.number}")
        self.set_lang("zh-CN")
        self.set_producer("Wuma")
        self.add_font("sans", "", FONT)
        self.set_margins(12, 18, 12)
        self.set_auto_page_break(auto=True, margin=16)
        self.set_font("sans", size=_SIZE)
        self.add_page()

    def header(self) -> None:
        """Say on every page which batch this is."""
        self.set_font("sans", size=8)
        self.set_text_color(*_QUIET)
        self.set_y(8)
        batch = self._dossier.batch
        self.cell(0, 5, f"{TITLE}　{self._dossier.product.name_zh}　批号 {batch.number}")
        self.set_draw_color(*_LINE)
        self.line(12, 14, 198, 14)
        self.set_y(18)
        self.set_text_color(*_INK)

    def footer(self) -> None:
        """Say on every page which contents this is, and how many pages there are."""
        self.set_y(-12)
        self.set_font("sans", size=7.5)
        self.set_text_color(*_QUIET)
        self.cell(140, 5, f"内容摘要 SHA-256 {self._dossier.contents.hex()}")
        self.cell(0, 5, f"第 {self.page_no()} 页　共 {{nb}} 页", align="R")

    def opening(self) -> None:
        """Begin with what an inspector looks for first."""
        dossier = self._dossier
        product, batch, complete = dossier.product, dossier.batch, dossier.complete
        self.set_font("sans", size=19)
        self.cell(0, 11, TITLE, new_x="LMARGIN", new_y="NEXT")
        self.set_font("sans", size=10)
        self.set_text_color(*_QUIET)
        state = "已召回" if batch.recalled_at else STATES[dossier.releases.state]
        self.cell(0, 6, f"{product.name_zh}　{batch.number}　{state}", new_x="LMARGIN", new_y="NEXT")
        self.ln(2)
        self.set_text_color(*_INK)
        self.pairs(
            (22, 71, 22, 71),
            [
                ("产品", product.name_zh, "批号", batch.number),
                (
                    "商品条码",
                    product.gtin.removeprefix("0"),
                    "段位",
                    "" if product.stage is None else f"{product.stage} 段",
                ),
                ("生产日期", batch.produced_on.isoformat(), "保质期至", batch.expires_on.isoformat()),
                ("生产线", dossier.line, "赋码数量", f"{dossier.quantity:,}" if dossier.quantity else ""),
                (
                    "完整度",
                    f"{complete.percent}%（{complete.good} / {complete.required} 项）",
                    "缺项",
                    f"{len(complete.gaps)} 项",
                ),
                ("未处理报警", f"{dossier.open_alarms} 条", "消费者反馈", f"{len(dossier.reports)} 条"),
            ],
        )

    def chapter(self, text: str, clause: str = "") -> None:
        """Begin a section, with the record group of the regulation it answers."""
        self.ln(3)
        if self.will_page_break(24):
            self.add_page()
        self.set_font("sans", size=12)
        self.set_text_color(*_GREEN)
        self.cell(60, 7, text)
        self.set_font("sans", size=7.5)
        self.set_text_color(*_QUIET)
        self.cell(0, 7, clause, align="R", new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*_INK)

    def about(self, text: str) -> None:
        """Say which lot, machine or post the next rows are of."""
        if self.will_page_break(20):
            self.add_page()
        self.ln(1)
        self.set_font("sans", size=9)
        self.cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")

    def grid(
        self,
        titles: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[str]],
        *,
        bad: int | None = 3,
    ) -> None:
        """Draw rows under titles, which come again on every page."""
        self.set_font("sans", size=_SIZE)
        self.set_draw_color(*_LINE)
        heading = FontFace(emphasis="", fill_color=_FILL, color=_QUIET)
        with super().table(
            width=186,
            col_widths=tuple(widths),
            line_height=4.6,
            padding=0.7,
            text_align="LEFT",
            v_align=VAlign.M,
            headings_style=heading,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        ) as table:
            head = table.row()
            for title in titles:
                head.cell(title)
            for row in rows:
                line = table.row()
                for place, text in enumerate(row):
                    is_bad = place == bad and text in {"超限", "不合格", "无法判定"}
                    line.cell(text, style=FontFace(color=_RED) if is_bad else None)

    def pairs(self, widths: Sequence[int], rows: Iterable[Sequence[str]]) -> None:
        """Draw rows of names and values, without titles."""
        self.set_font("sans", size=_SIZE)
        self.set_draw_color(*_LINE)
        with super().table(
            width=186,
            col_widths=tuple(widths),
            line_height=5,
            padding=0.7,
            text_align="LEFT",
            first_row_as_headings=False,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        ) as table:
            for row in rows:
                line = table.row()
                for place, text in enumerate(row):
                    line.cell(text, style=FontFace(color=_QUIET) if place % 2 == 0 else None)

    def events(self, title: str, steps: Sequence[Step]) -> None:
        """List where the batch went."""
        if steps:
            self.chapter(title)
            rows = [(_moment(one.at), STEPS.get(one.biz_step, one.biz_step), one.place) for one in steps]
            self.grid(("时间", "环节", "地点"), (36, 30, 120), rows, bad=None)


def _rows(dossier: Dossier, section: Section) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the rows of a section, by subject where its items recur."""
    stage = dossier.product.stage
    drawn = dossier.drawn()
    items = [item for item in items_for(stage) if item.section is section]
    if HEADINGS[section].recurs:
        subjects = sorted({subject for item, subject in dossier.standing if BY_ID[item].section is section})
        return [
            (
                subject,
                [
                    _row(dossier.standing[item.id, subject], stage)
                    for item in items
                    if (item.id, subject) in dossier.standing
                ],
            )
            for subject in subjects
        ]
    rows: list[tuple[str, ...]] = []
    for item in items:
        if item.is_drawn:
            if drawn.get(item.id) and section is not Section.RELEASE:
                rows.append((item.zh, drawn[item.id], "", "", ""))
        elif (item.id, "") in dossier.standing:
            rows.append(_row(dossier.standing[item.id, ""], stage))
        elif item.due is not Due.OPTIONAL:
            rows.append((item.zh, "—", "", "缺失", ""))
    return [("", rows)] if rows else []


def _row(standing: Standing, stage: int | None) -> tuple[str, ...]:
    entry, stated = standing.entry, standing.stated
    item = stated.item
    shown = {"pass": "合格", "fail": "不合格"}.get(entry.value, entry.value)
    if item.kind in {Kind.NUMBER, Kind.SAMPLES}:
        shown = shown.replace("ND", "未检出")
    if item.kind is Kind.INSTANT:
        shown = _moment(datetime.fromisoformat(entry.value))
    unit = f" {entry.unit}" if entry.unit else ""
    limit = limit_of(stated, stage)
    basis = item.clause if limit and stated.own_limit is None else ""
    finding = "" if item.kind is Kind.VERDICT else FINDINGS[judge(stated, stage)]
    how = " / ".join(part for part in (entry.method, entry.instrument, entry.operator) if part)
    return item.zh, shown + unit, " ".join(part for part in (limit, basis) if part), finding, how


def _complaints(sheet: _Sheet, dossier: Dossier) -> None:
    if dossier.reports:
        sheet.chapter("消费者反馈", HEADINGS[Section.RISK].clause)
        rows = [
            (
                _moment(one.at),
                CONCERNS.get(one.concern, one.concern),
                "已处理" if one.state == "handled" else "未处理",
                one.handled_note or "",
            )
            for one in dossier.reports
        ]
        sheet.grid(("时间", "事项", "状态", "处理"), (36, 40, 20, 90), rows, bad=None)


def _gaps(sheet: _Sheet, dossier: Dossier) -> None:
    sheet.chapter("缺项与不符合")
    if not dossier.complete.gaps:
        sheet.set_font("sans", size=9)
        sheet.cell(0, 6, "无。所有必填项目齐全，且在限量之内。", new_x="LMARGIN", new_y="NEXT")
        return
    rows = [
        (
            BY_ID[gap.item].zh if gap.why is not Why.NO_SUBJECT else HEADINGS[BY_ID[gap.item].section].zh,
            gap.subject,
            WHY[gap.why],
            "质量放行前" if gap.due is Due.QUALITY else "上市放行前",
        )
        for gap in dossier.complete.gaps
    ]
    sheet.grid(("项目", "对象", "问题", "应在何时补齐"), (66, 50, 36, 34), rows, bad=None)


def _corrections(sheet: _Sheet, dossier: Dossier) -> None:
    rows = []
    for standing in dossier.standing.values():
        chain = [standing.entry, *standing.others]
        for entry, before in pairwise(chain):
            rows.append(
                (
                    BY_ID[entry.item].zh + (f"（{entry.subject}）" if entry.subject else ""),
                    before.value,
                    entry.value,
                    entry.reason or SOURCES[entry.source],
                    f"{_moment(entry.recorded_at)} {dossier.people.get(entry.actor, SOURCES[entry.source])}",
                )
            )
    if rows:
        sheet.chapter("更正记录")
        sheet.grid(("项目", "原记录", "更正后", "原因", "时间与更正人"), (42, 32, 32, 40, 40), rows, bad=None)


def _releases(sheet: _Sheet, dossier: Dossier) -> None:
    sheet.chapter("放行签字", HEADINGS[Section.RELEASE].clause)
    releases = dossier.releases
    rows = []
    for name, row in (("质量放行", releases.quality), ("上市放行", releases.market)):
        if row is None:
            rows.append((name, "未签", "", ""))
        else:
            rows.append((name, row.signer, _moment(row.signed_at), row.deviation or "无偏差"))
    for row in releases.earlier:
        kind = "质量放行" if row.kind == "quality" else "上市放行"
        rows.append(
            (f"{kind}（第 {row.round} 次，已撤回）", row.signer, _moment(row.signed_at), row.deviation)
        )
    for withdrawal in releases.withdrawals:
        who = dossier.people.get(withdrawal.actor, "")
        rows.append(
            (f"撤回（第 {withdrawal.round} 次）", who, _moment(withdrawal.withdrawn_at), withdrawal.reason)
        )
    sheet.grid(("放行", "签字人", "时间", "偏差说明或原因"), (48, 34, 34, 70), rows, bad=None)
    sheet.ln(2)
    sheet.set_font("sans", size=7.5)
    sheet.set_text_color(*_QUIET)
    signed = releases.market or releases.quality
    lines = [f"本档案内容摘要（SHA-256）：{dossier.contents.hex()}"]
    if signed is not None:
        same = "一致" if signed.contents == dossier.contents else "不一致：放行之后有更正"
        lines.append(f"放行时内容摘要：{signed.contents.hex()}（与本档案{same}）")
    for line in lines:
        sheet.multi_cell(0, 4.5, line, new_x="LMARGIN", new_y="NEXT")
    sheet.set_text_color(*_INK)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
