"""What a visitor does from the card to the slip, with three instruments and both of the questions that are asked."""

from __future__ import annotations

from uuid import UUID

from gateway.kiosk import card
from tests.harness.visitor import Visitor
from tests.kiosk.station import INSTRUMENTS, Station

PERSON = UUID("7d9f1c9e-0000-4000-8000-00000000000a")
READINGS = 5  # symptoms, two blood pressures, oxygen, glucose


def walk(visitor: Visitor, station: Station) -> None:
    """Scan the card, answer, measure: blood pressure twice, oxygen, glucose after a meal. Ends at the slip."""
    visitor.act("scan", taps=0, code=card.encode(PERSON))
    visitor.act("choose", taps=4, measurements=list(INSTRUMENTS))
    visitor.until("ask", question="symptoms")
    visitor.act("answer", choices=[])
    for take, values in enumerate(("systolic=152mmHg;diastolic=91mmHg", "systolic=147mmHg;diastolic=90mmHg"), start=1):
        visitor.until("measure", measurement="blood_pressure", take=take)
        station.measure("blood_pressure", values, stamped=True)
    (judged,) = visitor.until("result", measurement="blood_pressure")["judged"]
    assert [value["shown"] for value in judged["values"]] == ["150", "91"]
    visitor.act("next")
    visitor.until("measure", measurement="oximetry")
    station.measure("oximetry", "spo2=97%", stamped=False)
    visitor.until("result", measurement="oximetry")
    visitor.act("next")
    visitor.until("ask", question="meal")
    visitor.act("answer", choices=["after_meal"])
    visitor.until("measure", measurement="glucose")
    station.measure("glucose", "glucose=7.2mmol/L", stamped=True)
    visitor.until("result", measurement="glucose")
    visitor.act("finish")
