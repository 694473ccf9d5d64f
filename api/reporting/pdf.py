"""The report as PDF, to be printed and signed. It carries its Chinese font where one is installed."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from api.reporting.settings import ReportingSettings
from api.reporting.sheet import Sheet
from api.reporting.table import Table, text
from maixun.configuration import settings

CHINESE, READERS_OWN, LATIN = "Chinese", "STSong-Light", "Helvetica"
_LATIN = re.compile(r"[!-~][ -~]*[!-~]|[!-~]")
_MARGIN = 12 * mm
_AREA = landscape(A4)[0] - 2 * _MARGIN
_PADDING = 12  # points, left and right together, as reportlab's tables have it
_LABELS = (16 * mm, 24 * mm, 44 * mm)  # county, township, institution

_KINDS = {"title": (15, 20, 1), "facts": (9, 13, 1), "heading": (8, 10, 1), "label": (8, 10, 0), "note": (8, 12, 0)}


@cache
def _font() -> str:
    """The first of the configured fonts that is there, embedded; else one that a reader is asked to have itself."""
    for path in settings(ReportingSettings, "reporting").pdf_fonts:
        if path.is_file():
            pdfmetrics.registerFont(TTFont(CHINESE, path))
            return CHINESE
    pdfmetrics.registerFont(UnicodeCIDFont(READERS_OWN))
    return READERS_OWN


def write(sheet: Sheet) -> bytes:
    """The file: a page or more a table, with the definitions after the last."""
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file, pagesize=landscape(A4), leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=15 * mm,
        title=sheet.title, author="Maixun", lang="zh-CN" if sheet.language == "zh" else "en",
    )  # fmt: skip
    flow: list[Any] = []
    for table in sheet.tables:
        flow += [*_head(sheet, table), _grid(sheet, table), Spacer(0, 8 * mm), _signatures(sheet), PageBreak()]
    flow.append(_paragraph(sheet.translate("指标定义"), "title"))
    flow += [_paragraph(f"{mark} — {note}", "note") for mark, note in sheet.notes]
    document.build(flow, onFirstPage=_footer, onLaterPages=_footer)
    return file.getvalue()


@cache
def _style(kind: str, font: str) -> ParagraphStyle:
    """Chinese breaks anywhere, English between words."""
    size, leading, alignment = _KINDS[kind]
    wrap = None if font == LATIN else "CJK"
    return ParagraphStyle(kind, fontName=font, fontSize=size, leading=leading, alignment=alignment, wordWrap=wrap)


def _paragraph(words: str, kind: str) -> Paragraph:
    """Text of a kind; in a Chinese one ASCII takes a Latin font, whose digits are narrower."""
    if words.isascii():
        return Paragraph(escape(words), _style(kind, LATIN))
    return Paragraph(_LATIN.sub(_in_latin, escape(words)), _style(kind, _font()))


def _in_latin(found: re.Match[str]) -> str:
    return f'<font name="{LATIN}">{found[0]}</font>'


def _label(words: str, width: float) -> str | Paragraph:
    """As it is where it fits into its column: a paragraph costs thirty times as much."""
    fits = pdfmetrics.stringWidth(words, _font(), _KINDS["label"][0]) <= width - _PADDING
    return words if fits else _paragraph(words, "label")


def _head(sheet: Sheet, table: Table) -> list[Any]:
    facts = " · ".join(f"{name}: {value}" for name, value in sheet.facts)
    return [
        _paragraph(sheet.title, "title"),
        _paragraph(table.title[sheet.language], "facts"),
        _paragraph(facts, "facts"),
        Spacer(0, 3 * mm),
    ]


def _grid(sheet: Sheet, table: Table) -> Grid:
    spoken, labels = sheet.language, len(table.headings)
    top: list[Any] = [_paragraph(heading[spoken], "heading") for heading in table.headings]
    spans = [("SPAN", (place, 0), (place, 1)) for place in range(labels)]
    place = labels
    for group, columns in table.groups:
        top += [_paragraph(group[spoken] if group else "", "heading"), *[""] * (columns - 1)]
        spans.append(("SPAN", (place, 0), (place + columns - 1, 0)))
        place += columns
    under = [*[""] * labels, *(_paragraph(column.label[spoken], "heading") for column in table.columns)]
    body = [
        [
            *(_label(label[spoken], width) for label, width in zip(row.labels, _LABELS, strict=True)),
            *(text(cell, column.shape) for column, cell in zip(table.columns, row.cells, strict=True)),
        ]
        for row in table.rows
    ]
    wide = (_AREA - sum(_LABELS)) / len(table.columns)
    sums = [("BACKGROUND", (0, n), (-1, n), colors.whitesmoke) for n, row in enumerate(table.rows, 2) if row.total]
    grid = Grid([top, under, *body], colWidths=[*_LABELS, *[wide] * len(table.columns)], repeatRows=2)
    grid.setStyle(
        [
            *spans,
            *sums,
            ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
            ("BACKGROUND", (0, 0), (-1, 1), colors.HexColor("#E6F1F5")),
            ("ALIGN", (labels, 2), (-1, -1), "RIGHT"),
            ("FONT", (0, 2), (labels - 1, -1), _font(), 8),
            ("FONT", (labels, 2), (-1, -1), LATIN, 8),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return grid


def _signatures(sheet: Sheet) -> Grid:
    line = [_paragraph(f"{what}: {who or '________________'}", "label") for what, who in sheet.signatures]
    return Grid([line], colWidths=[_AREA / len(line)] * len(line))


def _footer(canvas: Canvas, _document: Any) -> None:
    canvas.setFont(LATIN, 8)
    canvas.drawCentredString(landscape(A4)[0] / 2, 8 * mm, str(canvas.getPageNumber()))
