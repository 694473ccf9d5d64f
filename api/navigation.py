"""The main navigation: which page stands in the bar, for which roles."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from api.access import CLINICAL, FIGURES, FLEET, HELD, INCIDENTS, RULES, Viewer
from api.language import msgid
from ingest.accounts import Role


class Entry(NamedTuple):
    """A page of the bar. It is the current one while the address begins with `path`."""

    path: str
    label: str
    roles: Collection[Role]


ENTRIES = (
    Entry("/work", msgid("今日工作"), CLINICAL),
    Entry("/residents", msgid("我的居民"), CLINICAL),
    Entry("/followups", msgid("随访任务"), CLINICAL),
    Entry("/station", msgid("本站情况"), (Role.STATION_LEAD,)),
    Entry("/sentinel", msgid("哨点监测"), FIGURES),
    Entry("/quality", msgid("数据质量"), FIGURES),
    Entry("/held", msgid("待核数据"), HELD),
    Entry("/reports", msgid("季报表"), FIGURES),
    Entry("/fleet", msgid("设备管理"), FLEET),
    Entry("/incidents", msgid("事件"), INCIDENTS),
    Entry("/rules/replay", msgid("规则试算"), RULES),
    Entry("/imports", msgid("数据导入"), (Role.ADMIN,)),
    Entry("/rota", msgid("值班"), (*CLINICAL, Role.ADMIN)),
    Entry("/notices", msgid("我的提醒"), (Role.TECHNICIAN, Role.CDC, Role.ADMIN)),
)


def entries_for(viewer: Viewer) -> list[Entry]:
    """What the viewer's bar shows, in order."""
    return [entry for entry in ENTRIES if viewer.role in entry.roles]
