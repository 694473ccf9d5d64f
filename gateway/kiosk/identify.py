"""Who is in front of the kiosk: a card, an ID card or a phone number becomes a token; numbers are not kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.kiosk import card, masking, pseudonym
from gateway.kiosk.card import NotACard
from gateway.kiosk.id_card import IdCard
from gateway.kiosk.known_people import KnownPeople
from gateway.kiosk.names import Way
from gateway.kiosk.view import Notice
from gateway.kiosk.visit import Identity


class TurnedAway(Exception):
    """Not identified; `notice` says what the person can do."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.notice = notice


class Admission(StrEnum):
    """What the list of known people says of somebody."""

    KNOWN = "known"
    TO_BE_ASSIGNED = "to_be_assigned"  # perhaps registered since the list was made: the server will say whose it is
    UNKNOWN = "unknown"


def admission(*, known: bool, way: Way, age: timedelta | None, trusted: timedelta) -> Admission:
    """Whether somebody is let in. `age`: since the server last said that the list is up to date; None: there is none.

    A card or ID card is in the person's hand, so an old list gives way to it. A number and a PIN can be tried out:
    to let in whoever is not on the list would tell which PIN is right.
    """
    if known:
        return Admission.KNOWN
    if age is None or (age > trusted and way is not Way.PHONE):
        return Admission.TO_BE_ASSIGNED
    return Admission.UNKNOWN


@dataclass(slots=True)
class Identifier:
    """The ways this kiosk has. Without a key there is neither ID card nor phone.

    `list_trusted`: as long after the server's last word the list of known people decides alone.
    """

    known: KnownPeople
    key: bytes | None = field(repr=False)
    reads_id_cards: bool
    phone: bool
    guest: bool
    wrong_pins: int
    phone_closed: timedelta
    list_trusted: timedelta
    _wrong: int = 0
    _closed_until: datetime | None = None

    def ways(self, now: datetime) -> tuple[Way, ...]:
        """What is offered, in the order of the page."""
        offered = {
            Way.QR: True,
            Way.ID_CARD: self.reads_id_cards and self.key is not None,
            Way.PHONE: self.phone and self.key is not None and not self._is_closed(now),
            Way.GUEST: self.guest,
        }
        return tuple(way for way, is_offered in offered.items() if is_offered)

    def by_code(self, code: str, now: datetime) -> Identity:
        """Whoever holds this QR card. Raises `TurnedAway`."""
        try:
            token = card.decode(code)
        except NotACard:
            raise TurnedAway(Notice.CODE_UNREADABLE) from None
        return self._admitted(Identity(way=Way.QR, token=token), now)

    def by_id_card(self, read: IdCard, now: datetime) -> Identity:
        """Whoever's ID card was read. Raises `TurnedAway`."""
        if self.key is None:
            raise TurnedAway(Notice.NOT_KNOWN)
        token = pseudonym.of_id_number(read.number, self.key)
        return self._admitted(Identity(way=Way.ID_CARD, token=token, shown=read.masked_name, sex=read.sex), now)

    def by_phone(self, number: str, pin: str, now: datetime) -> Identity:
        """Whoever knows this number's PIN. Trying out PINs soon closes the way. Raises `TurnedAway`."""
        if self.key is None or self._is_closed(now):
            raise TurnedAway(Notice.PHONE_CLOSED)
        token = pseudonym.of_phone(number, pin, self.key)
        try:
            who = self._admitted(Identity(way=Way.PHONE, token=token, shown=masking.phone(number)), now)
        except TurnedAway:
            self._wrong += 1
            if self._wrong < self.wrong_pins:
                raise
            self._wrong, self._closed_until = 0, now + self.phone_closed
            raise TurnedAway(Notice.PHONE_CLOSED) from None
        self._wrong = 0
        return who

    def _admitted(self, who: Identity, now: datetime) -> Identity:
        confirmed = self.known.confirmed_at
        found = admission(
            known=who.token is not None and self.known.knows(who.token),
            way=who.way,
            age=None if confirmed is None else now - confirmed,
            trusted=self.list_trusted,
        )
        if found is Admission.UNKNOWN:
            raise TurnedAway(Notice.NOT_KNOWN)
        return who if found is Admission.KNOWN else replace(who, to_be_assigned=confirmed is not None)

    def _is_closed(self, now: datetime) -> bool:
        return self._closed_until is not None and now < self._closed_until
