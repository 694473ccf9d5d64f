"""Who is in front of the kiosk: a card, an ID card or a phone number becomes a token; numbers are not kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

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


@dataclass(slots=True)
class Identifier:
    """The ways this kiosk has. Without a key there is neither ID card nor phone."""

    known: KnownPeople
    key: bytes | None = field(repr=False)
    reads_id_cards: bool
    phone: bool
    guest: bool
    wrong_pins: int
    phone_closed: timedelta
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

    def by_code(self, code: str) -> Identity:
        """Whoever holds this QR card. Raises `TurnedAway`."""
        try:
            return self._known(Identity(way=Way.QR, token=card.decode(code)))
        except NotACard:
            raise TurnedAway(Notice.CODE_UNREADABLE) from None

    def by_id_card(self, read: IdCard) -> Identity:
        """Whoever's ID card was read. Raises `TurnedAway`."""
        if self.key is None:
            raise TurnedAway(Notice.NOT_KNOWN)
        token = pseudonym.of_id_number(read.number, self.key)
        return self._known(Identity(way=Way.ID_CARD, token=token, shown=read.masked_name, sex=read.sex))

    def by_phone(self, number: str, pin: str, now: datetime) -> Identity:
        """Whoever knows this number's PIN. Trying out PINs soon closes the way. Raises `TurnedAway`."""
        if self.key is None or self._is_closed(now):
            raise TurnedAway(Notice.PHONE_CLOSED)
        token = pseudonym.of_phone(number, pin, self.key)
        try:
            who = self._known(Identity(way=Way.PHONE, token=token, shown=masking.phone(number)))
        except TurnedAway:
            self._wrong += 1
            if self._wrong < self.wrong_pins:
                raise
            self._wrong, self._closed_until = 0, now + self.phone_closed
            raise TurnedAway(Notice.PHONE_CLOSED) from None
        self._wrong = 0
        return who

    def _known(self, who: Identity) -> Identity:
        if who.token is None or not self.known.knows(who.token):
            raise TurnedAway(Notice.NOT_KNOWN)
        return who

    def _is_closed(self, now: datetime) -> bool:
        return self._closed_until is not None and now < self._closed_until
