"""Every indicator of the chosen place and period in one table: where one begins to look."""

from __future__ import annotations

from api.dashboard import wording
from api.dashboard.chart import Chart, Name, Numbers, Row
from api.dashboard.look import Look
from api.language import msgid


def overview(look: Look) -> Chart:
    """In the order of the definitions; an indicator's parts below it."""
    rows, found = [], []
    for indicator in look.names:
        for part in ("", *look.archive.parts(indicator)):
            series = look.series(indicator, part=part)
            if series is None:
                continue
            shown = look.shown(series)
            found.append(series)
            name = wording.part_name(look, part) if part else look.label(indicator)
            rows.append(Row(cells=[name, *wording.cells(look, series, shown)], indicator=None if part else indicator))
    headings = (
        msgid("指标"),
        wording.NUMERATOR,
        wording.DENOMINATOR,
        wording.SHARE,
        wording.INTERVAL,
    )
    says = [look.say(msgid("点指标名称，以上各图改为显示它。"))]
    if any(wording.is_hidden(each, look.shown(each)) for each in found):
        says.append(wording.why_hidden(look))
    return Chart(
        name=Name.OVERVIEW,
        title=look.say(msgid("全部指标")),
        says=says,
        picture=None,
        numbers=Numbers(headings=[look.say(each) for each in headings], rows=rows),
        notes=wording.notes(look, found),
    )
