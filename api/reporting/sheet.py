"""What every file of a report has around its tables: heading, notes, and who signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from api.language import Language, msgid
from api.reporting.period import local_date
from api.reporting.reports import Head
from api.reporting.table import HIDDEN, Table, has_hidden
from api.reporting.taking import Printed

TITLE = msgid("基本公共卫生服务季报表（高血压、2型糖尿病）")
PERIOD = msgid("%(year)s 年第 %(quarter)s 季度")
NUMERATOR, DENOMINATOR = msgid("分子"), msgid("分母")
TOO_SMALL = msgid("人数过少，或可由此推算出过少的人数，不显示")
PREVALENCE, COUNTS = msgid("患病率"), msgid("计入范围")
SINCE, SOURCE = msgid("生效日期"), msgid("依据")
STATES = {"draft": msgid("草稿"), "checked": msgid("已审核"), "closed": msgid("已上报")}
SIGNATURES = (msgid("填报人"), msgid("审核人"), msgid("单位负责人"), msgid("填报日期"))

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A report ready to be written in one language: only tables that may leave, and the words around them."""

    language: Language
    translate: Translate
    head: Head
    tables: Sequence[Table]
    definitions: Sequence[Printed]
    due: date

    @property
    def title(self) -> str:
        """The form's name."""
        return self.translate(TITLE)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What stands under the title."""
        say, head = self.translate, self.head
        facts = [
            (say(msgid("统计地区代码")), head.region_prefix),
            (
                say(msgid("统计期")),
                say(msgid("%(year)s 年第 %(quarter)s 季度")) % {"year": head.year, "quarter": head.quarter},
            ),
            (say(msgid("状态")), say(STATES[head.state])),
            (say(msgid("版次")), str(head.version)),
            (say(msgid("数据截至")), str(local_date(head.taken_at))),
            (say(msgid("上报期限")), str(self.due)),
        ]
        return [*facts, (say(msgid("更正原因")), head.reason)] if head.reason else facts

    @property
    def signatures(self) -> list[tuple[str, str]]:
        """Who signs; the names known to the system stand there already."""
        names = [self.head.made_by, self.head.checked_by or "", "", _day(self.head.closed_at)]
        return list(zip(map(self.translate, SIGNATURES), names, strict=True))

    @property
    def notes(self) -> list[tuple[str, str]]:
        """What a hidden cell means, and every definition the figures follow: its mark, and what it says."""
        hidden = [(HIDDEN, self.translate(TOO_SMALL))] if any(map(has_hidden, self.tables)) else []
        return hidden + [(each.mark, note(each, self.language, self.translate)) for each in self.definitions]


def note(printed: Printed, language: Language, say: Translate) -> str:
    """A definition in a few sentences."""
    version, to = printed.version, language.value
    parts = [printed.label[to], f"{say(NUMERATOR)}: {version.numerator[to]}"]
    if version.denominator is not None:
        parts.append(f"{say(DENOMINATOR)}: {version.denominator[to]}")
    if version.population is not None and version.population.times != 1:
        parts.append(f"{say(PREVALENCE)}: {version.population.times:.1%}")
    parts += [
        f"{say(COUNTS)}: {version.counts[to]}",
        f"{say(SINCE)}: {version.valid_from}",
        f"{say(SOURCE)}: {version.source}",
    ]
    if not version.verified:
        parts.append(say(msgid("未对照原文核实")))
    return "; ".join(parts)


def _day(moment: datetime | None) -> str:
    return str(local_date(moment)) if moment else ""
