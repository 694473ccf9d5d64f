"""Cards, pseudonyms, masking, the list of known people: nothing of a number survives, and both ends agree."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kiosk import card, masking, pseudonym
from gateway.kiosk.card import NotACard
from gateway.kiosk.id_card import IdCard
from gateway.kiosk.identify import Identifier, TurnedAway
from gateway.kiosk.known_people import KnownPeople
from gateway.kiosk.names import Way
from gateway.kiosk.outcome import Sex
from gateway.kiosk.view import Notice
from ingest import identity
from maixun.configuration import ConfigurationError
from maixun.known_people import parts
from tests.kiosk.made import SECOND, SOMEBODY, T0

MASTER = bytes(range(32))
KEY = identity.pseudonym_key(MASTER)
NUMBER = "11010519491231002X"  # the example that GB 11643 itself prints
MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)


@given(st.uuids())
def test_a_card_reads_back_whatever_the_scanner_does_to_its_case(token: UUID) -> None:
    text = card.encode(token)
    assert card.decode(text) == card.decode(f" {text.lower()}\n") == token
    assert text.isalnum()


@given(st.uuids(), st.integers(0, 29), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_is_seldom_taken_for_another_person(token: UUID, place: int, wrong: str) -> None:
    text = card.encode(token)
    spoilt = text[:place] + wrong + text[place + 1 :]
    with contextlib.suppress(NotACard):
        assert spoilt == text or card.decode(spoilt) != token


@given(st.text(max_size=60))
def test_no_text_makes_reading_a_card_fail_otherwise(text: str) -> None:
    with contextlib.suppress(NotACard):
        card.decode(text)


def test_wrong_characters_are_noticed() -> None:
    text = card.encode(SOMEBODY)
    swapped = [text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(2, 27) if text[i] != text[i + 1]]
    assert [code for code in swapped if _reads(code)] == []


def _reads(code: str) -> bool:
    try:
        card.decode(code)
    except NotACard:
        return False
    return True


def test_the_server_makes_the_same_tokens() -> None:
    assert pseudonym.of_id_number(NUMBER.lower(), KEY) == identity.pseudonym(NUMBER, MASTER)
    assert pseudonym.of_phone("13800000000", "2468", KEY) == identity.pseudonym("13800000000:2468", MASTER)


@given(st.text(max_size=30))
def test_a_token_is_a_version_8_uuid_and_depends_on_the_key(number: str) -> None:
    token = pseudonym.of_id_number(number, KEY)
    assert (token.version, token.variant) == (8, UUID(int=2 << 62).variant)
    assert token != pseudonym.of_id_number(number, bytes(32))


def test_the_key_comes_from_enrolment(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    assert pseudonym.load_key(path) is None
    path.write_text(base64.b64encode(KEY).decode() + "\n")
    assert pseudonym.load_key(path) == KEY
    path.write_text("not a key")
    with pytest.raises(ConfigurationError, match="32 bytes in base64"):
        pseudonym.load_key(path)


@pytest.mark.parametrize(
    ("full", "shown"),
    [("李建国", "李*国"), ("王芳", "王*"), ("欧阳娜娜", "欧*娜"), ("努尔·买买提", "努*提"), ("李", "*"), ("", "")],
)
def test_names_are_masked(full: str, shown: str) -> None:
    assert masking.name(full) == shown


def test_phone_numbers_are_masked() -> None:
    assert (masking.phone("13812345678"), masking.phone("110")) == ("****5678", "****")


def listing(people: list[UUID]) -> bytes:
    """The server's command with the whole list."""
    sent = {number: base64.b64encode(part).decode() for number, part in enumerate(parts(people))}
    return json.dumps({"v": 1, "people": {"parts": sent}}).encode()


def identifier(tmp_path: Path, *, key: bytes | None = KEY, people: list[UUID] | None = None) -> Identifier:
    path = tmp_path / "known.json"
    known = KnownPeople(path, now=lambda: T0)
    if people is not None:
        known.hear(listing(people))
    return Identifier(
        known=known,
        list_trusted=HOUR,
        key=key,
        reads_id_cards=True,
        phone=True,
        guest=True,
        wrong_pins=3,
        phone_closed=MINUTES,
    )


def test_without_a_list_everybody_is_let_in_and_the_server_judges(tmp_path: Path) -> None:
    assert identifier(tmp_path).by_code(card.encode(SOMEBODY), T0).token == SOMEBODY


def test_who_is_not_on_the_list_is_sent_to_the_staff_until_the_list_is_new(tmp_path: Path) -> None:
    kiosk = identifier(tmp_path, people=[])
    with pytest.raises(TurnedAway) as away:
        kiosk.by_code(card.encode(SOMEBODY), T0)
    assert away.value.notice is Notice.NOT_KNOWN
    assert kiosk.known.hear(listing([SOMEBODY]))
    who = kiosk.by_code(card.encode(SOMEBODY), T0)
    assert (who.token, who.to_be_assigned) == (SOMEBODY, False)


def test_when_the_list_is_old_a_card_that_is_not_on_it_is_taken_and_assigned_later(tmp_path: Path) -> None:
    kiosk = identifier(tmp_path, people=[])
    who = kiosk.by_code(card.encode(SOMEBODY), T0 + HOUR + SECOND)
    assert (who.token, who.to_be_assigned) == (SOMEBODY, True)
    with pytest.raises(TurnedAway):
        kiosk.by_phone("13812345678", "2468", T0 + 100 * HOUR)


def test_a_spoilt_code_asks_for_another_scan(tmp_path: Path) -> None:
    with pytest.raises(TurnedAway) as away:
        identifier(tmp_path).by_code("https://example.org", T0)
    assert away.value.notice is Notice.CODE_UNREADABLE


def test_an_id_card_becomes_a_token_and_a_masked_name(tmp_path: Path) -> None:
    who = identifier(tmp_path).by_id_card(IdCard("李*国", Sex.MALE, NUMBER), T0)
    assert (who.token, who.shown, who.sex) == (identity.pseudonym(NUMBER, MASTER), "李*国", Sex.MALE)
    assert NUMBER not in repr(IdCard("李*国", Sex.MALE, NUMBER))


def test_without_a_key_there_is_neither_id_card_nor_phone(tmp_path: Path) -> None:
    assert identifier(tmp_path, key=None).ways(T0) == (Way.QR, Way.GUEST)


def test_trying_out_pins_closes_the_phone_for_a_while(tmp_path: Path) -> None:
    right = identity.pseudonym("13812345678:2468", MASTER)
    kiosk = identifier(tmp_path, people=[right])
    notices = []
    for pin in ("0000", "0001", "0002", "2468"):
        with pytest.raises(TurnedAway) as away:
            kiosk.by_phone("13812345678", pin, T0)
        notices.append(away.value.notice)
    assert notices == [Notice.NOT_KNOWN, Notice.NOT_KNOWN, Notice.PHONE_CLOSED, Notice.PHONE_CLOSED]
    assert Way.PHONE not in kiosk.ways(T0)
    assert kiosk.by_phone("13812345678", "2468", T0 + MINUTES).shown == "****5678"
