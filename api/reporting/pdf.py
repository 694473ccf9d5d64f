"""The report as PDF, to be printed and signed. STSong-Light is one of the fonts every PDF reader has for Chinese."""

from __future__ import annotations

import io
import re
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from api.reporting.sheet import Sheet
from api.reporting.table import Table, text

FONT, LATIN = "STSong-Light", "Helvetica"
_LATIN = re.compile(r"[!-~][ -~]*[!-~]|[!-~]")
_MARGIN = 12 * mm
_AREA = landscape(A4)[0] - 2 * _MARGIN
_LABELS = (16 * mm, 24 * mm, 44 * mm)  # county, township, institution

pdfmetrics.registerFont(UnicodeCIDFont(FONT))
_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=15, leading=20, alignment=1)
_FACTS = ParagraphStyle("facts", fontName=FONT, fontSize=9, leading=13, alignment=1)
_HEADING = ParagraphStyle("heading", fontName=FONT, fontSize=8, leading=10, alignment=1)
_LABEL = ParagraphStyle("label", fontName=FONT, fontSize=8, leading=10)
_NUMBER = ParagraphStyle("number", parent=_LABEL, alignment=2, fontName="Helvetica")
_NOTE = ParagraphStyle("note", fontName=FONT, fontSize=8, leading=12, spaceAfter=3)


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
    flow.append(_paragraph(sheet.translate("指标定义"), _TITLE))
    flow += [_paragraph(f"{mark} — {note}", _NOTE) for mark, note in sheet.notes]
    document.build(flow, onFirstPage=_footer, onLaterPages=_footer)
    return file.getvalue()


def _paragraph(words: str, style: ParagraphStyle) -> Paragraph:
    """Chinese breaks anywhere, English between words; ASCII takes a Latin font, whose digits are narrower."""
    chinese = not words.isascii()
    how = style if not chinese else ParagraphStyle(f"{style.name} CJK", parent=style, wordWrap="CJK", fontName=FONT)
    text = _LATIN.sub(rf'<font name="{LATIN}">\\g<0></font>', escape(words)) if chinese else escape(words)
    return Paragraph(text, how if chinese else ParagraphStyle(f"{style.name} Latin", parent=style, fontName=LATIN))


def _head(sheet: Sheet, table: Table) -> list[Any]:
    facts = "　".join(f"{name}: {value}" for name, value in sheet.facts)
    return [
        _paragraph(sheet.title, _TITLE),
        _paragraph(table.title[sheet.language], _FACTS),
        _paragraph(facts, _FACTS),
        Spacer(0, 3 * mm),
    ]


def _grid(sheet: Sheet, table: Table) -> Grid:
    spoken, labels = sheet.language, len(table.headings)
    top: list[Any] = [_paragraph(heading[spoken], _HEADING) for heading in table.headings]
    spans = [("SPAN", (place, 0), (place, 1)) for place in range(labels)]
    place = labels
    for group, columns in table.groups:
        top += [_paragraph(group[spoken] if group else "", _HEADING), *[""] * (columns - 1)]
        spans.append(("SPAN", (place, 0), (place + columns - 1, 0)))
        place += columns
    under = [*[""] * labels, *(_paragraph(column.label[spoken], _HEADING) for column in table.columns)]
    body = [
        [
            *(_paragraph(label[spoken], _LABEL) for label in row.labels),
            *(
                _paragraph(text(cell, column.shape), _NUMBER)
                for column, cell in zip(table.columns, row.cells, strict=True)
            ),
        ]
        for row in table.rows
    ]
    width = (_AREA - sum(_LABELS)) / len(table.columns)
    sums = [("BACKGROUND", (0, n), (-1, n), colors.whitesmoke) for n, row in enumerate(table.rows, 2) if row.total]
    grid = Grid([top, under, *body], colWidths=[*_LABELS, *[width] * len(table.columns)], repeatRows=2)
    grid.setStyle(
        [
            *spans,
            *sums,
            ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
            ("BACKGROUND", (0, 0), (-1, 1), colors.HexColor("#E6F1F5")),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return grid


def _signatures(sheet: Sheet) -> Grid:
    line = [_paragraph(f"{what}: {who or '________________'}", _LABEL) for what, who in sheet.signatures]
    return Grid([line], colWidths=[_AREA / len(line)] * len(line))


def _footer(canvas: Canvas, _document: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.drawCentredString(landscape(A4)[0] / 2, 8 * mm, str(canvas.getPageNumber()))
