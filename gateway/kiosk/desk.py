"""What people do at the page: each action becomes an event, an answer that is kept, or a printed slip."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Mapping
from datetime import tzinfo

from devices.metrics import Catalogue
from devices.reading import Flag, Meal
from gateway.kiosk import actions, events
from gateway.kiosk.actions import Action
from gateway.kiosk.events import Event
from gateway.kiosk.heard import METRICS, Channel, Heard
from gateway.kiosk.intake import Intake
from gateway.kiosk.names import Question, Step, Way
from gateway.kiosk.outcome import Sex, Take
from gateway.kiosk.settings import KioskSettings
from gateway.kiosk.slip import PrinterFailed, Slip, send
from gateway.kiosk.transitions import NotNow
from gateway.kiosk.view import Notice, Printing
from gateway.kiosk.visit import Identity

_log = logging.getLogger(__name__)
_PLAIN: Mapping[str, Event] = {
    "skip": events.Skipped(),
    "repeat": events.Repeated(),
    "next": events.Continued(),
    "more": events.WantsMore(),
    "finish": events.Finished(),
    "stay": events.Stayed(),
}


class Desk:
    """Between the page and one kiosk."""

    def __init__(
        self, intake: Intake, catalogue: Catalogue, settings: KioskSettings, *, typed_device: str, zone: tzinfo
    ) -> None:
        """`typed_device`: the kiosk's own name in the server's register, for what is typed and answered."""
        self._kiosk = intake.kiosk
        self._intake = intake
        self._catalogue = catalogue
        self._settings = settings
        self._typed_device = typed_device
        self._zone = zone
        self._printing: set[asyncio.Task[None]] = set()

    def act(self, action: Action) -> None:
        """Do it. Raises `NotNow` when it does not fit the present step."""
        match action:
            case actions.SetLanguage():
                self._kiosk.set_language(action.language)
            case actions.SetLargeType():
                self._kiosk.set_large_type(action.on)
            case _ if action.step is not self._kiosk.visit.step:
                raise NotNow(f"{action.action} was meant for {action.step}")
            case actions.Plain(action="print"):
                self._print()
            case actions.Plain():
                self._kiosk.happen(_PLAIN[action.action])
            case actions.Choose():
                self._choose(action)
            case actions.Answer():
                self._answer(action)
            case actions.Typed():
                self._typed(action)
            case _:
                self._arrive(action)

    def _arrive(self, action: actions.Begin | actions.Scan | actions.Phone | actions.Guest) -> None:
        kiosk, identifier = self._kiosk, self._kiosk.identifier
        match action:
            case actions.Begin():
                kiosk.happen(events.Began())
            case actions.Scan():
                kiosk.identify(lambda: identifier.by_code(action.code, kiosk.now()))
            case actions.Phone():
                kiosk.identify(lambda: identifier.by_phone(action.number, action.pin, kiosk.now()))
            case actions.Guest():
                if Way.GUEST not in identifier.ways(kiosk.now()):
                    raise NotNow("this kiosk takes no guests")
                kiosk.happen(events.Identified(Identity(way=Way.GUEST)))

    def _choose(self, action: actions.Choose) -> None:
        if not set(action.measurements) <= set(self._kiosk.offers):
            raise NotNow("not offered here")
        self._kiosk.happen(events.Chosen(action.measurements))

    def _answer(self, action: actions.Answer) -> None:
        try:
            match self._kiosk.visit.question:
                case Question.MEAL:
                    self._kiosk.happen(events.Answered(Meal(_only(action.choices))))
                case Question.SEX:
                    self._kiosk.happen(events.Answered(Sex(_only(action.choices))))
                case Question.SYMPTOMS:
                    self._answer_symptoms(action.choices)
                case Question.WAIST if action.number is not None:
                    self._keep({"waist": action.number})
                case _:
                    raise NotNow("nothing was asked that this answers")
        except ValueError:
            raise NotNow("not one of the choices") from None

    def _answer_symptoms(self, said: tuple[str, ...]) -> None:
        asked = METRICS[self._kiosk.visit.queue[0]]
        if not set(said) <= set(asked):
            raise NotNow("not one of the choices")
        self._hand_in({symptom: float(symptom in said) for symptom in asked}, Flag(0))

    def _typed(self, action: actions.Typed) -> None:
        code = self._settings.staff_code
        if code is None or self._kiosk.visit.step is not Step.MEASURE:
            raise NotNow("nothing is typed here")
        if not hmac.compare_digest(code, action.code):
            self._kiosk.notice(Notice.STAFF_CODE_WRONG)
            return
        if not action.values.keys() <= set(METRICS[self._kiosk.visit.queue[0]]):
            raise NotNow("these values belong to another measurement")
        self._keep(action.values)

    def _keep(self, values: Mapping[str, float]) -> None:
        """Something typed: it must be possible, and is marked as entered by hand."""
        if self._catalogue.implausible(values):
            self._kiosk.notice(Notice.OUT_OF_BOUNDS)
            return
        self._hand_in(values, Flag.MANUAL_ENTRY)

    def _hand_in(self, values: Mapping[str, float], flags: Flag) -> None:
        rounded = {metric: round(value, self._catalogue[metric].decimals) for metric, value in values.items()}
        text = ";".join(f"{metric}={value:g}" for metric, value in rounded.items())
        self._intake.take_in(
            Heard(
                channel=Channel.TYPED,
                device=self._typed_device,
                measurement=self._kiosk.visit.queue[0],
                take=Take(values=rounded),
                received_at=self._kiosk.now(),
                identifying=text.encode(),
                flags=flags,
            )
        )

    def _print(self) -> None:
        """Print beside the event loop: a printer may take seconds."""
        printer = self._settings.printer
        printing = self._kiosk.view().slip
        if printer is None or printing is None or printing.printing is Printing.UNDER_WAY:
            raise NotNow("nothing to print, or it is being printed")
        who = self._kiosk.visit.who
        slip = Slip(
            judged=printing.judged,
            who=who.shown if who else "",
            at=self._kiosk.now().astimezone(self._zone),
            language=self._kiosk.language,
            url=self._kiosk.page_url,
            minutes=self._settings.page_minutes,
        )
        self._kiosk.happen(events.Stayed())
        self._kiosk.set_printing(Printing.UNDER_WAY)
        task = asyncio.create_task(self._send(slip))
        self._printing.add(task)
        task.add_done_callback(self._printing.discard)

    async def _send(self, slip: Slip) -> None:
        printer = self._settings.printer
        if printer is None:
            return
        try:
            await asyncio.to_thread(send, slip, printer, self._settings.printer_encoding)
        except PrinterFailed as failed:
            _log.warning("%s", failed)
            outcome = Printing.FAILED
        else:
            outcome = Printing.PRINTED
        if self._kiosk.visit.step is Step.SLIP:
            self._kiosk.set_printing(outcome)


def _only(choices: tuple[str, ...]) -> str:
    if len(choices) != 1:
        raise NotNow("one choice is needed")
    return choices[0]
