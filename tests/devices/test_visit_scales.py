"""Visits to scales: weighings with their body composition, stubs, adverts."""

from __future__ import annotations

from devices.gatt.body_composition import BodyComposition
from devices.gatt.weight import Weight
from devices.gatt.xiaomi_scale import BodyScaleAdvert
from devices.ieee11073 import DateTime
from devices.reading import Reading, Unusable
from tests.devices.visits import (
    MEASURED,
    OTHER_USER,
    TIME,
    one,
    refused,
    visit,
)


def weighed(weight: float | None = 70.0, time: DateTime | None = TIME, user: int | None = 1) -> tuple[str, bytes]:
    return "2A9D", Weight(weight=weight, time=time, user=user, bmi=22.9, height=1.75).encode()


def composed(
    fat: float | None = 21.5, time: DateTime | None = TIME, user: int | None = 1, **more: float | bool
) -> tuple[str, bytes]:
    fields = {"impedance": 512.0, "muscle_percentage": 38.0} | more
    return "2A9C", BodyComposition(fat_percentage=fat, time=time, user=user, **fields).encode()  # type: ignore[arg-type]


def test_a_weighing_and_its_body_composition_are_one_reading() -> None:
    reading = one(weighed(), composed(water_mass=38.5))
    assert reading.values == {
        "weight": 70.0,
        "bmi": 22.9,
        "height": 175.0,
        "body_fat": 21.5,
        "muscle": 38.0,
        "body_water": 38.5,
        "impedance": 512.0,
    }
    assert reading.user_slot == 1


def test_compositions_find_their_own_weighing_by_time_and_user() -> None:
    later = TIME._replace(hour=9)
    items = visit(
        weighed(70.0),
        weighed(71.0, later),
        weighed(55.0, later, OTHER_USER),
        composed(30.0, later, OTHER_USER),
        composed(20.0),
    )
    found = {item.values["weight"]: item.values.get("body_fat") for item in items if isinstance(item, Reading)}
    assert found == {70.0: 20.0, 71.0: None, 55.0: 30.0}


def test_compositions_without_a_stamp_go_to_the_weighing_before_them() -> None:
    items = visit(
        weighed(70.0), composed(20.0, None, None), weighed(71.0, TIME._replace(hour=9)), composed(21.0, None, None)
    )
    assert [item.values["body_fat"] for item in items if isinstance(item, Reading)] == [20.0, 21.0]


def test_a_composition_without_a_stamp_passes_over_an_earlier_weighing_that_had_none() -> None:
    items = visit(weighed(70.0), weighed(71.0, TIME._replace(hour=9)), composed(21.0, None, None))
    assert [item.values.get("body_fat") for item in items if isinstance(item, Reading)] == [None, 21.0]


def test_a_composition_that_comes_first_goes_to_the_weighing_after_it() -> None:
    items = visit(composed(21.0, None, None), weighed(70.0), weighed(71.0, TIME._replace(hour=9)))
    assert [item.values.get("body_fat") for item in items if isinstance(item, Reading)] == [21.0, None]


def test_a_composition_alone_is_a_reading_and_zeros_are_not_values() -> None:
    reading = one(composed(21.5, impedance=0.0, muscle_percentage=0.0))
    assert reading.values == {"body_fat": 21.5}


def test_muscle_given_as_a_mass_becomes_a_share_of_the_weight() -> None:
    assert one(weighed(70.0), composed(muscle_percentage=0.0, muscle_mass=35.0)).values["muscle"] == 50.0


def test_thirty_five_stubs_and_one_composition() -> None:
    stub = ("2A9C", bytes.fromhex("9803000096230000000000000000"))
    items = visit(weighed(), *[stub] * 35, composed())
    assert [item.reason for item in items if isinstance(item, Unusable)] == ["placeholder"]
    assert [item.values["body_fat"] for item in items if isinstance(item, Reading)] == [21.5]


def test_what_the_weighing_does_not_say_its_composition_does() -> None:
    reading = one(weighed(time=None, user=None), composed())
    assert (reading.user_slot, reading.measured_at) == (1, MEASURED)


def test_a_weight_sent_with_an_empty_composition_is_no_placeholder() -> None:
    reading = one(composed(0.0, impedance=0.0, muscle_percentage=0.0, weight=80.0))
    assert reading.values == {"weight": 80.0}


def test_a_composition_that_failed_in_every_field_holds_no_numbers() -> None:
    failed = bytes.fromhex("3006") + b"\xff\xff" * 5  # muscle share and mass, impedance, weight
    assert refused(("2A9C", failed)) == "placeholder"


def test_a_composition_in_two_packets_is_one_reading() -> None:
    halves = (
        composed(multiple=True),
        ("2A9C", BodyComposition(fat_percentage=21.5, weight=70.0, multiple=True).encode()),
    )
    reading = one(*halves)
    assert reading.values == {"body_fat": 21.5, "impedance": 512.0, "muscle": 38.0, "weight": 70.0}
    assert reading.raw.count("2A9C:") == 2


def test_failed_weighings_are_no_readings() -> None:
    assert refused(weighed(None)) == "not_a_number"
    assert refused(("2A9C", BodyComposition(fat_percentage=None, time=TIME, impedance=0.0).encode())) == "placeholder"
    assert refused(("2A9C", BodyComposition(fat_percentage=None, basal_metabolism=7000).encode())) == "placeholder"


def test_a_scale_that_advertises_a_weighing_many_times_gives_one_reading_with_its_impedance() -> None:
    def advert(**state: int | bool) -> tuple[str, bytes]:
        return "adv:181B:xiaomi", BodyScaleAdvert(weight=72.45, time=TIME, **state).encode()  # type: ignore[arg-type]

    unsettled, settled, whole, left = advert(stable=False), advert(), advert(impedance=503), advert(removed=True)
    assert visit(unsettled) == []
    reading = one(unsettled, settled, settled, whole, left)
    assert reading.values == {"weight": 72.45, "impedance": 503}
    assert one(settled).reading_id == one(left).reading_id == reading.reading_id
