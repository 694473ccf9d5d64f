"""The kiosk's vocabulary: stable names that code, configuration, pages and spoken clips share."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """Where a visit is."""

    IDLE = "idle"
    IDENTIFY = "identify"
    CHOOSE = "choose"
    ASK = "ask"
    REST = "rest"
    MEASURE = "measure"
    RESULT = "result"
    SLIP = "slip"
    CLEARED = "cleared"


class Way(StrEnum):
    """How somebody identifies."""

    QR = "qr"
    ID_CARD = "id_card"
    PHONE = "phone"
    GUEST = "guest"


class Measurement(StrEnum):
    """What can be measured or asked, in the order in which a visit does it."""

    SYMPTOMS = "symptoms"
    BLOOD_PRESSURE = "blood_pressure"  # first of all that is measured: nothing before it may excite
    OXIMETRY = "oximetry"
    TEMPERATURE = "temperature"
    BODY = "body"  # height and weight
    WAIST = "waist"
    GLUCOSE = "glucose"
    LIPIDS = "lipids"


class Question(StrEnum):
    """What a page can ask."""

    MEAL = "meal"
    SYMPTOMS = "symptoms"
    SEX = "sex"
    WAIST = "waist"


class RestKind(StrEnum):
    """Why one waits."""

    BEFORE = "before"  # five minutes before the first blood pressure
    BETWEEN = "between"  # a minute between two


class Level(StrEnum):
    """How much a value matters, mildest first."""

    NORMAL = "normal"
    ATTENTION = "attention"
    HIGH = "high"  # see a doctor soon, whichever side the value lies on
    DANGER = "danger"  # call the staff now


class Shape(StrEnum):
    """Drawn beside the word, so that colour never speaks alone."""

    CIRCLE = "circle"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    OCTAGON = "octagon"


class Language(StrEnum):
    """Languages of the pages, the prompts and the slip."""

    ZH = "zh"
    EN = "en"
