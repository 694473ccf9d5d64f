"""The list of known people: from the register to a kiosk's page, with the cable cut as well, and back out of it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge import Edge
from gateway.kiosk import card
from gateway.kiosk.assembly import listen
from gateway.kiosk.identify import Admission, admission
from gateway.kiosk.known_people import KnownPeople
from gateway.kiosk.names import Way
from gateway.kiosk.part import KioskPart
from ingest import registry
from ingest.accounts import NewStaff, Role, create_staff
from ingest.handover import Entry, name_person, void_tokens
from ingest.identity import pseudonym, pseudonym_key
from ingest.known_people import KnownPeople as Lists
from ingest.registry import NewResident, register_resident, register_station
from maixun.known_people import PARTS, differing, digest, digests, fingerprints, parts
from maixun.runtime.binaries import Binaries
from maixun.runtime.mosquitto import Mosquitto
from tests.gateway.edge_process import ScriptedRadio
from tests.gateway.made import POLICY, ZONE
from tests.gateway.made import settings as gateway_settings
from tests.gateway.test_uplink import until
from tests.ingest.line import worker
from tests.kiosk.made import CATALOGUE, Clock
from tests.kiosk.standing import settings

GATEWAY = "gw-kiosk"
MASTER = bytes(range(32))
HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 25)
tokens = st.lists(st.uuids(), max_size=60)


class Register:
    """The server's register, with two stations of one township and one of another; the kiosk stands in the first."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.here = register_station(connection, name="青河卫生站", township="青河镇", region_code="330100001001")
        self.near = register_station(connection, name="柳塘卫生站", township="青河镇", region_code="330100001002")
        self.far = register_station(connection, name="远山卫生站", township="远山镇", region_code="330100002001")
        admin = NewStaff(login="admin", display_name="管理员", role=Role.ADMIN)
        staff = create_staff(connection, admin, password_hash="-")
        connection.execute("insert into fleet.gateway values (%s, %s, now(), null)", [GATEWAY, self.here])
        self.entry = Entry(staff_id=staff, now=datetime.now(UTC), catalogue=CATALOGUE)

    def resident(self, station: int) -> int:
        """A new one."""
        return register_resident(
            self.connection, NewResident(birth_date=date(1950, 1, 1), sex="male", station_id=station)
        )

    def named(self, station: int, token: UUID | None = None, kind: str = "card") -> UUID:
        """The token of a new resident."""
        token = token or uuid4()
        name_person(self.connection, token=token, resident_id=self.resident(station), kind=kind, entry=self.entry)
        return token

    def holder(self, token: UUID) -> int:
        """Whose it is."""
        row = self.connection.execute("select resident_id from care.person_token where token = %s", [token]).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def register(connection: psycopg.Connection[Any]) -> Register:
    return Register(connection)


@pytest.fixture
def mosquitto(binaries: Binaries, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of its own, to be taken away."""
    server = Mosquitto(binaries.mosquitto, tmp_path / "mosquitto")
    server.start()
    yield server
    server.stop()


class Kiosk:
    """A gateway with a kiosk, in this process, and its page."""

    def __init__(self, part: KioskPart, clock: Clock, page: httpx2.AsyncClient) -> None:
        self.known = part.known
        self.clock = clock
        self._page = page

    async def scans(self, token: UUID) -> tuple[str, str | None]:
        """Somebody holds a card to the scanner: the step and the notice they then see; they leave again."""
        return await self._arrives({"action": "scan", "code": card.encode(token)})

    async def types(self, number: str, pin: str) -> tuple[str, str | None]:
        """Somebody types number and PIN."""
        return await self._arrives({"action": "phone", "number": number, "pin": pin})

    async def _arrives(self, action: dict[str, str]) -> tuple[str, str | None]:
        await self._act(action="begin", step="idle")
        state = await self._act(**action, step="identify")
        await self._act(action="finish", step=state["step"])
        self.clock.advance(10)
        while (await self._page.get("/api/state")).json()["step"] != "idle":
            await asyncio.sleep(0.02)
        return state["step"], state["notice"]

    async def _act(self, **action: str) -> dict[str, Any]:
        answer = await self._page.post("/api/act", json=action)
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state


@asynccontextmanager
async def kiosk(folder: Path, broker: str, clock: Clock) -> AsyncIterator[Kiosk]:
    """Running until the end of the block; what it keeps is in that folder."""
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets/pseudonym.key").write_bytes(base64.b64encode(pseudonym_key(MASTER)))
    own = gateway_settings(heartbeat_seconds=0.2, will_delay_seconds=0)
    edge = Edge(GATEWAY, ScriptedRadio(0, 0), broker, folder / "outbox.sqlite3", own, POLICY)
    with listen("127.0.0.1", 0) as listener:
        chosen = settings(instruments=())
        part = KioskPart(GATEWAY, chosen, listener, folder=folder, zone=ZONE, policy=POLICY, now=clock)
        edge.beside["kiosk"] = part.run
        edge.correspondents.append(part.known)
        stop = asyncio.Event()
        running = asyncio.create_task(edge.run(stop))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx2.AsyncClient(base_url=address, timeout=10) as page:
            try:
                yield Kiosk(part, clock, page)
            finally:
                stop.set()
                await asyncio.wait_for(running, 10)


async def test_who_is_registered_is_known_with_the_cable_cut_and_no_longer_once_it_is_void(
    register: Register, database: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    clock = Clock()
    first, phone = register.named(register.here), pseudonym("13812345678:2468", MASTER)
    register.named(register.near, phone, "phone")
    with worker(database, mosquitto.url, "known-1"):
        async with kiosk(tmp_path, mosquitto.url, clock) as there:
            await until(lambda: there.known.knows(first) and there.known.knows(phone))
            assert await there.scans(first) == ("choose", None)
            assert await there.scans(uuid4()) == ("identify", "not_known")
            second = register.named(register.near)
            await until(lambda: there.known.knows(second))
            mosquitto.stop()
            assert await there.scans(second) == ("choose", None)
    stored = (tmp_path / "kiosk/known-people.json").read_text()
    assert not any(each in stored for each in (first.hex, str(first), "13812345678"))
    assert (tmp_path / "kiosk/known-people.json").stat().st_mode & 0o077 == 0

    async with kiosk(tmp_path, mosquitto.url, clock) as away:
        assert await away.scans(second) == ("choose", None), "after a restart without the server"
        assert await away.types("13812345678", "2468") == ("choose", None)
        late = register.named(register.here)
        assert await away.scans(late) == ("identify", "not_known")
        clock.advance(2 * HOUR.total_seconds())
        assert await away.scans(late) == ("choose", "to_be_assigned"), "an old list turns nobody with a card away"
        assert await away.types("13812345678", "1357") == ("identify", "not_known"), "nor does it tell PINs"

    void_tokens(register.connection, resident_id=register.holder(first), kind="card", entry=register.entry)
    mosquitto.start()
    with worker(database, mosquitto.url, "known-2"):
        async with kiosk(tmp_path, mosquitto.url, clock) as back:
            await until(lambda: back.known.knows(late) and not back.known.knows(first))
            assert await back.scans(first) == ("identify", "not_known")
            assert await back.scans(late) == ("choose", None)


def ask(register: Register, lists: Lists, said: list[str], today: date = TODAY) -> dict[int, list[bytes]] | None:
    """What the server answers: the digests of each part it sends, None when it answers nothing."""
    with register.connection.transaction():
        register.connection.execute("set local role maixun_ingest")
        answers = lists.answers(register.connection, GATEWAY, said, today)
    if not answers:
        return None
    ((topic, payload),) = answers
    assert topic == f"maixun/1/{GATEWAY}/commands"
    lacking = json.loads(payload)["people"]["parts"]
    return {int(number): digests(base64.b64decode(part)) for number, part in lacking.items()}


def test_the_list_is_of_the_kiosks_township_and_of_nobody_who_left(register: Register) -> None:
    here, near, far = (register.named(where) for where in (register.here, register.near, register.far))
    lists = Lists()

    def listed(today: date = TODAY) -> set[bytes]:
        return {each for part in (ask(register, lists, [], today) or {}).values() for each in part}

    assert {digest(here), digest(near)} <= listed()
    assert digest(far) not in listed()
    assert len(listed()) == 4, "each resident's own token as well"
    register.connection.execute(
        "update care.resident set left_on = %s, left_why = 'moved' where resident_id = %s",
        (TODAY + timedelta(days=1), register.holder(near)),
    )
    assert digest(near) in listed()
    assert digest(near) not in listed(TODAY + timedelta(days=1)), "from that day on"
    register.connection.execute(
        "update care.resident set station_id = %s where resident_id = %s", (register.far, register.holder(here))
    )
    assert digest(here) not in listed()


def test_an_unchanged_list_costs_next_to_nothing_and_a_new_person_a_part(register: Register) -> None:
    register.named(register.here)
    lists, held = Lists(), KnownPeople(Path("/nonexistent/list"))
    whole = ask(register, lists, [])
    assert whole is not None
    assert len(whole) == PARTS
    of_kiosk = [b"".join(whole[number]) for number in range(PARTS)]
    assert ask(register, lists, fingerprints(of_kiosk)) == {}
    register.named(register.here)
    changed = ask(register, lists, fingerprints(of_kiosk))
    assert changed is not None
    assert 1 <= len(changed) <= 2, "a card and the resident's own token"
    assert held.report() == {"people": []}, "a kiosk without a list says so"


def test_only_an_enrolled_gateway_gets_a_list(register: Register) -> None:
    register.connection.execute("update fleet.gateway set revoked_at = now()")
    assert ask(register, Lists(), []) is None
    register.connection.execute("delete from fleet.gateway")
    assert ask(register, Lists(), []) is None


@given(tokens, tokens)
def test_the_parts_that_differ_make_the_kiosks_list_the_servers(old: list[UUID], new: list[UUID]) -> None:
    held, wanted = parts(old), parts(new)
    lacking = differing(wanted, fingerprints(held))
    assert tuple(lacking.get(number, part) for number, part in enumerate(held)) == wanted
    assert set(lacking) == {number for number in range(PARTS) if held[number] != wanted[number]}
    assert {each for part in wanted for each in digests(part)} == {digest(token) for token in new}


@given(
    known=st.booleans(),
    way=st.sampled_from([Way.QR, Way.ID_CARD, Way.PHONE]),
    hours=st.none() | st.integers(0, 100),
)
def test_the_known_are_let_in_and_others_only_by_what_they_hold_in_their_hand(
    known: bool, way: Way, hours: int | None
) -> None:
    age = None if hours is None else hours * HOUR
    found = admission(known=known, way=way, age=age, trusted=HOUR)
    assert (found is Admission.KNOWN) == known
    if not known and hours is not None:
        assert (found is Admission.TO_BE_ASSIGNED) == (hours > 1 and way is not Way.PHONE)
    if hours is None:
        assert found is not Admission.UNKNOWN, "without a list nobody is turned away"


@pytest.mark.parametrize(
    "command",
    [
        b'{"v":1,"people":{"parts":{"0":"AAAA"}}}',  # the others are missing
        b'{"v":1,"people":{"parts":{"77":"AAAA"}}}',
        b'{"v":1,"people":{"parts":{"0":"not base64!"}}}',
        b'{"v":1,"people":[]}',
        b'{"v":1,"settings":{"version":1,"settings":{}}}',
        b"{",
    ],
)
def test_a_list_that_is_not_whole_is_not_taken(command: bytes, tmp_path: Path) -> None:
    held = KnownPeople(tmp_path / "list")
    assert not held.hear(command)
    assert held.confirmed_at is None
    assert not (tmp_path / "list").exists()


def test_a_spoilt_file_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("{")
    assert KnownPeople(tmp_path / "list").confirmed_at is None


def test_a_list_is_written_when_it_changes_and_once_an_hour(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "list"
    held, token = KnownPeople(path, now=clock), uuid4()
    sent = {number: base64.b64encode(part).decode() for number, part in enumerate(parts([token]))}
    assert held.hear(json.dumps({"v": 1, "people": {"parts": sent}}).encode())
    began = clock()
    for _ in range(119):
        clock.advance(30)
        assert not held.hear(b'{"v":1,"people":{"parts":{}}}')
    assert held.confirmed_at == clock()
    again = KnownPeople(path)
    assert again.knows(token)
    assert again.confirmed_at == began
    clock.advance(60)
    held.hear(b'{"v":1,"people":{"parts":{}}}')
    assert KnownPeople(path).confirmed_at == clock()


def test_voiding_is_recorded(register: Register) -> None:
    token = register.named(register.here)
    resident = register.holder(token)
    assert void_tokens(register.connection, resident_id=resident, kind="card", entry=register.entry) == 1
    assert registry.remove_tokens(register.connection, resident_id=resident, kind="card") == 0
    row = register.connection.execute(
        "select resident_id, detail ->> 'voided' from care.audit where action = 'resident.token.void'"
    ).fetchone()
    assert row == (resident, "1")
