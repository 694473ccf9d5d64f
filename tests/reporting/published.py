"""A county whose figures are published, as the tests and the examples of the figures API know it."""

from __future__ import annotations

from datetime import UTC, datetime

from api.reporting import definitions
from api.reporting.publisher import FiguresSettings, Publisher
from api.reporting.settings import ReportingSettings
from api.small_cells import SmallCells
from ingest.rollup import fold
from maixun import configuration
from tests.api.world import World
from tests.reporting.town import Town

THRESHOLD = 10
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
# Township, code, patients, of whom controlled; 青河 and 云岭 have a patient more from the world itself, never visited.
STATIONS = {
    "青河卫生站": ("青河镇", "330100001001", 23, 12),
    "东桥卫生站": ("青河镇", "330100001002", 4, 4),
    "云岭卫生站": ("云岭镇", "330100002001", 30, 15),
    "南山卫生站": ("南山镇", "330101001001", 25, 12),
}


def publisher(**changed: int) -> Publisher:
    """As configured, for a short past; a report never waits long."""
    short = {"quarters": 2, "months": 1, "report_hours": 0} | changed
    return Publisher(
        definitions.load(),
        configuration.settings(FiguresSettings, "figures").model_copy(update=short),
        configuration.settings(ReportingSettings, "reporting"),
        configuration.settings(SmallCells, "small_cells").threshold,
    )


def settle(world: World) -> Town:
    """Four stations in two counties of 3301, the CDC in the larger county; visits and readings of October."""
    town = Town(world.connection, world.stations["青河卫生站"], world.staff["dr.wang"])
    connection = world.connection
    for name, (township, code, people, controlled) in STATIONS.items():
        if name not in world.stations:
            world.stations[name] = town.station(name, township, code)
        station = world.stations[name]
        connection.execute("update care.station set region_code = %s where station_id = %s", (code, station))
        for n in range(people):
            resident = town.patient(station_id=station, sex="female" if n % 2 else "male", born=f"{1935 + n}-06-15")
            town.visit(resident, "2026-10-15 09:00", "128/80" if n < controlled else "162/98")
            town.reading(resident, f"2026-10-{1 + n:02} 08:10", systolic=130, diastolic=80)
    connection.execute("update care.staff set region_prefix = '330100' where login = 'cdc'")
    fold(connection)
    return town


def publish(town: Town, now: datetime = NOW) -> None:
    """Publish what is due."""
    publisher().publish_due(town.connection, now)
