"""How gateways and meters are, by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from api.dashboard import svg, wording
from api.dashboard.axes import Frame
from api.dashboard.chart import Chart, Name, Note, Numbers, Row
from api.dashboard.equipment import NONE, Equipment
from api.dashboard.look import Look
from api.dashboard.svg import Drawing, hint, tag, text
from api.language import msgid
from api.reporting.region import Place
from ingest.fleet_settings import Troubles

ROOM = 12  # places drawn; the table has all
HIGH = 24
HEADINGS = (
    msgid("地区或机构"),
    msgid("网关"),
    msgid("其中失联"),
    msgid("其中有其他问题"),
    msgid("测量设备"),
    msgid("其中电量低"),
    msgid("其中时钟不准"),
    msgid("其中读取失败"),
    msgid("其中长期无数据"),
)
PARTS = (
    (msgid("正常"), "#0b5c7a"),
    (msgid("有问题"), "#e2a24a"),
    (msgid("失联"), "#8793a0"),
)
COUNTED = msgid(
    "网关超过 %(silent)s 秒没有消息为失联；电量不超过 %(battery)s%% 为低；时钟偏差超过 %(clock)s 秒为不准；"
    "%(days)s 天没有数据为长期无数据。测量设备计在发放它的机构。依据: config/fleet.yaml 的运行参数，非临床数字。"
)


def fleet(look: Look, equipment: Mapping[str, Equipment], limits: Troubles) -> Chart:
    """The chosen place and those next below it, the worst first."""
    parts = sorted(look.parts_of_place(), key=lambda each: (_share_well(equipment[each.key]), each.code))
    places = [look.choice.place, *parts]
    note = look.say(COUNTED) % {
        "silent": f"{limits.silent_seconds:.0f}",
        "battery": f"{limits.battery_percent:.0f}",
        "clock": f"{limits.meter_clock_seconds:.0f}",
        "days": f"{limits.meter_silent_days:.0f}",
    }
    says = [look.say(msgid("网关和测量设备目前的状况，问题多的排在前面；不涉及任何个人。"))]
    if len(places) > ROOM:
        says.append(look.say(msgid("图中只有前 %(count)s 个，表格中有全部。")) % {"count": ROOM})
    return Chart(
        name=Name.FLEET,
        title=look.say(msgid("设备状况")),
        says=says,
        picture=_picture(look, places[:ROOM], equipment) if equipment[places[0].key] != NONE else None,
        numbers=_numbers(look, places, equipment),
        notes=[Note(mark="fleet/1", says=note, verified=False)],
    )


def _share_well(of: Equipment) -> float:
    return (of.gateways_well + of.meters_well + 1) / (of.gateways + of.meters + 1)


def _numbers(look: Look, places: Sequence[Place], equipment: Mapping[str, Equipment]) -> Numbers:
    rows = [
        Row(cells=[wording.place_name(look, place), *_counts(equipment[place.key])], at=place.key) for place in places
    ]
    return Numbers(headings=[look.say(each) for each in HEADINGS], rows=rows)


def _counts(of: Equipment) -> list[str]:
    counts = (
        of.gateways,
        of.gateways_silent,
        of.gateways_ill,
        of.meters,
        of.meters_battery,
        of.meters_clock,
        of.meters_failing,
        of.meters_silent,
    )
    return [f"{each:,}" for each in counts]


def _picture(look: Look, places: Sequence[Place], equipment: Mapping[str, Equipment]) -> Drawing:
    """Two bars a place: its gateways and its meters, as shares."""
    frame = Frame(width=1000, height=64 + HIGH * len(places), left=190, right=80, top=52, bottom=12)
    middle = (frame.left + frame.edge) / 2
    sides = ((frame.left, middle - 50), (middle + 50, frame.edge))
    titles = [
        text(side[0], frame.top - 10, look.say(word), font_weight=700)
        for side, word in zip(sides, (HEADINGS[1], HEADINGS[4]), strict=True)
    ]
    rows = []
    for n, place in enumerate(places):
        of, y = equipment[place.key], frame.top + n * HIGH
        name = text(
            frame.left - 10,
            y + 15,
            wording.place_name(look, place),
            text_anchor="end",
            font_weight=700 if not n else None,
        )
        gateways = (of.gateways_well, of.gateways_ill, of.gateways_silent)
        meters = (of.meters_well, of.meters - of.meters_well, 0)
        rows.append(tag("g", name, _bar(look, gateways, sides[0], y), _bar(look, meters, sides[1], y)))
    entries = [(look.say(word), fill) for word, fill in PARTS]
    label = look.say(msgid("设备状况图，数值见表格"))
    return svg.drawing(frame.width, frame.height, label, svg.legend(entries, frame.left, 16), *titles, *rows)


def _bar(look: Look, counts: tuple[int, int, int], side: tuple[float, float], y: float) -> Markup:
    total = sum(counts)
    along = svg.Scale(0, max(1, total), *side)
    blocks, done = [], 0
    for (word, fill), count in zip(PARTS, counts, strict=True):
        if count:
            said = hint(f"{look.say(word)}: {count}")
            blocks.append(
                tag("rect", said, x=along(done), y=y + 3, width=along(count) - along(0), height=16, fill=fill)
            )
            done += count
    well = f"{counts[0]:,} / {total:,}"
    return tag("g", *blocks, text(side[1] + 6, y + 15, well, font_size=11, fill=svg.QUIET))
