"""The kiosk at work: one visit at a time. What happens goes in, what the page shows comes out.

Used on the event loop's thread alone; it neither measures nor stores (`intake` does) nor prints (`desk` does).
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import segno

from gateway.kiosk import events
from gateway.kiosk.events import Event
from gateway.kiosk.face import Face, Facts
from gateway.kiosk.feed import Feed
from gateway.kiosk.id_card import IdCard
from gateway.kiosk.identify import Identifier, TurnedAway
from gateway.kiosk.names import Language, Measurement, Step
from gateway.kiosk.outcome import Outcome, Take
from gateway.kiosk.pages import Pages
from gateway.kiosk.results import Teller
from gateway.kiosk.transitions import NotNow, after
from gateway.kiosk.view import Judged, Live, Notice, Printing, View
from gateway.kiosk.visit import Course, Identity, Visit

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What this kiosk has. `phones_url`: where phones reach it; without it no QR."""

    offers: tuple[Measurement, ...]
    prints: bool
    phones_url: str | None
    staff_may_type: bool


@dataclass(slots=True)
class _Session:
    """What belongs to the present visit beside its state."""

    language: Language = Language.ZH
    large_type: bool = False
    alarm: Judged | None = None
    printing: Printing = Printing.READY
    page_url: str | None = None
    page_qr: str | None = None


class Kiosk:
    """One kiosk. `feed` tells the pages, `now` is its clock."""

    def __init__(
        self,
        equipment: Equipment,
        identifier: Identifier,
        teller: Teller,
        face: Face,
        pages: Pages,
        course: Course,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self.feed = Feed()
        self.identifier = identifier
        self.teller = teller
        self.pages = pages
        self.now = now
        self.visit = Visit(active=now())
        self._equipment = equipment
        self._face = face
        self._course = course
        self._session = self._fresh()
        self._revision = 0
        self._warned = False

    @property
    def language(self) -> Language:
        """Of the present visit."""
        return self._session.language

    @property
    def page_url(self) -> str | None:
        """The phone's page of the present visit."""
        return self._session.page_url

    @property
    def offers(self) -> tuple[Measurement, ...]:
        """What can be chosen here."""
        return self._equipment.offers

    def view(self) -> View:
        """The page as it is now."""
        return self._face.draw(self.visit, self._facts(), self.now())

    def happen(self, event: Event) -> None:
        """Let an event change the visit. Raises `NotNow`."""
        before, self.visit = self.visit, after(self.visit, event, self.now(), self._course)
        if self.visit.step is not before.step:
            self._entered()
        if self.visit != before:
            self.changed()

    def tick(self) -> None:
        """Let time go on; the page is told when that changes anything."""
        self.happen(events.Ticked())
        warned = self._face.warning(self.visit, self.now()) is not None
        if warned != self._warned:
            self._warned = warned
            self.changed()

    def measured(self, take: Take) -> None:
        """A take is kept: tell the visit, and sound the alarm for a danger at once. Raises `NotNow`."""
        about = Outcome(measurement=self.visit.queue[0], takes=(take,), meal=self.visit.meal, sex=self.visit.sex)
        danger = self.teller.danger(take, about)
        if danger is not None:
            self._session.alarm = danger
        self.happen(events.Measured(take))

    def notice(self, notice: Notice) -> None:
        """Say something on the present step; a step that has no place for it stays silent."""
        try:
            self.happen(events.Noticed(notice))
        except NotNow:
            _log.info("nobody to tell: %s", notice)

    def identify(self, find: Callable[[], Identity]) -> None:
        """Begin the visit of whoever is found. Raises `NotNow`."""
        try:
            who = find()
        except TurnedAway as away:
            self.happen(events.Noticed(away.notice))
        else:
            self.happen(events.Identified(who))

    def id_card(self, read: IdCard) -> None:
        """An ID card was laid on the reader; outside of the first steps it is not for us."""
        try:
            self.identify(lambda: self.identifier.by_id_card(read, self.now()))
        except NotNow:
            _log.info("an ID card in %s is not looked at", self.visit.step)

    def live(self, cuff: float) -> None:
        """The pressure in the cuff, for the page alone."""
        if self.visit.awaits is Measurement.BLOOD_PRESSURE:
            self.feed.tell("live", Live(metric="cuff", value=cuff, unit="mmHg"))

    def set_language(self, language: Language) -> None:
        """Until the end of this visit."""
        self._session.language = language
        self.changed()

    def set_large_type(self, on: bool) -> None:
        """Until the end of this visit."""
        self._session.large_type = on
        self.changed()

    def set_printing(self, printing: Printing) -> None:
        """How the slip gets on."""
        self._session.printing = printing
        self.changed()

    def results(self) -> tuple[Judged, ...]:
        """Everything of the visit."""
        return self.teller.tell_all(self.visit.results)

    def changed(self) -> None:
        """Tell the pages."""
        self._revision += 1
        self.feed.tell("state", self.view())

    def _entered(self) -> None:
        match self.visit.step:
            case Step.CLEARED:
                kept = self._session
                self._session = self._fresh()
                self._session.language, self._session.large_type = kept.language, kept.large_type  # to say good-bye in
            case Step.IDLE:
                self._session = self._fresh()
            case Step.SLIP if self._equipment.phones_url is not None:
                token = self.pages.open(self.results(), self.language, self.now())
                self._session.page_url = f"{self._equipment.phones_url}/r/{token}"
                self._session.page_qr = _qr(self._session.page_url)

    def _fresh(self) -> _Session:
        return _Session(printing=Printing.READY if self._equipment.prints else Printing.OFF)

    def _facts(self) -> Facts:
        session = self._session
        return Facts(
            revision=self._revision,
            language=session.language,
            large_type=session.large_type,
            ways=self.identifier.ways(self.now()),
            offers=self._equipment.offers,
            alarm=session.alarm,
            printing=session.printing,
            page_url=session.page_url,
            page_qr=session.page_qr,
            page_minutes=round(self.pages.valid.total_seconds() / 60),
            staff_may_type=self._equipment.staff_may_type,
        )


def _qr(text: str) -> str:
    drawn = io.BytesIO()
    segno.make(text, micro=False, error="m").save(drawn, kind="svg", xmldecl=False, omitsize=True, border=4)
    return drawn.getvalue().decode().strip()
