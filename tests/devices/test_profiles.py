"""What single profiles do that no vector shows: units, unknown parts, quirks, several records in a packet."""

from __future__ import annotations

import pytest

from devices.gatt import DecodeError, decode
from devices.gatt.blood_pressure import BloodPressure
from devices.gatt.body_composition import BodyComposition
from devices.gatt.continuous_glucose import crc
from devices.gatt.glucose import Concentration, Glucose
from devices.gatt.glucose_context import Carbohydrate, Exercise, GlucoseContext, Medication
from devices.gatt.heart_rate import HeartRate
from devices.gatt.oximetry import Oximetry
from devices.gatt.weight import Weight
from devices.gatt.xiaomi_scale import BodyScaleAdvert, ScaleAdvert
from devices.ieee11073 import DateTime, Numeric, Quantity, Special, quantity

TIME = DateTime(2026, 11, 20, 7, 30, 15)


def described(uuid: str, packet: str, *quirks: str) -> object:
    return decode(uuid, bytes.fromhex(packet), quirks=quirks).describe()


def test_a_failed_blood_pressure_says_so_in_every_field() -> None:
    failed = BloodPressure(
        systolic=Special.NAN, diastolic=Special.NRES, mean_arterial=Special.RESERVED, pulse=Special.NAN
    )
    assert decode("2A35", failed.encode()).describe() == {
        "unit": "mmHg",
        "sys": "NaN",
        "dia": "NRes",
        "map": "RFU",
        "pulse": "NaN",
    }


def test_blood_pressure_in_kilopascal() -> None:
    sent = BloodPressure(
        unit="kPa", systolic=quantity(16.0, -1), diastolic=quantity(10.7, -1), mean_arterial=Special.NAN
    )
    assert sent.encode().hex() == "01a0f06bf0ff07"
    assert sent.describe() == {"unit": "kPa", "sys": 16.0, "dia": 10.7, "map": "NaN"}


def test_an_unknown_date_is_shown_as_none_and_keeps_the_values() -> None:
    shown = described("2A35", "02780050005d000000000008001e00")
    assert shown == {"unit": "mmHg", "sys": 120, "dia": 80, "map": 93, "time": None}


def test_a_beurer_packet_that_has_no_user_still_decodes() -> None:
    with_user = described("2A35", "166a0047000000ea07080b121f00003f000000", "beurer-be")
    without = described("2A35", "166a0047000000ea07080b121f00003f0000", "beurer-be")
    assert isinstance(with_user, dict)
    assert without == {name: value for name, value in with_user.items() if name != "user"}


def test_a_beurer_packet_encodes_as_that_meter_sends_it() -> None:
    real = "166a0047000000ea07080b121f00003f010040"
    value = decode("2A35", bytes.fromhex(real), quirks=["beurer-be"])
    assert isinstance(value, BloodPressure)
    assert value.encode(quirks=["beurer-be"]).hex() == real


def glucose(value: Numeric, unit: str = "mol/L") -> Glucose:
    result = Concentration(unit="mol/L" if unit == "mol/L" else "kg/L", value=value, sample=1, location=1)
    return Glucose(sequence=7, base_time=TIME, concentration=result)


@pytest.mark.parametrize(
    ("sent", "name", "number"),
    [
        (glucose(Quantity(55, -4)), "mmol_l", 5.5),
        (glucose(Quantity(126, -5), "kg/L"), "mg_dl", 126.0),
        (glucose(Quantity(5, -3)), "mmol_l", 5.0),
    ],
)
def test_glucose_is_shown_in_the_unit_people_know(sent: Glucose, name: str, number: float) -> None:
    shown = decode("2A18", sent.encode()).describe()
    assert isinstance(shown, dict)
    assert shown[name] == number


@pytest.mark.parametrize("special", Special)
def test_a_special_glucose_has_no_number(special: Special) -> None:
    shown = decode("2A18", glucose(special).encode()).describe()
    assert isinstance(shown, dict)
    assert shown["value"] == special.value
    assert not {"mg_dl", "mmol_l"} & set(shown)


def test_glucose_without_a_result() -> None:
    assert described("2A18", "000700ea070b14071e0f") == {
        "seq": 7,
        "base_time": "2026-11-20T07:30:15",
        "context_follows": False,
    }


def test_reserved_sample_and_location_are_kept() -> None:
    shown = described("2A18", "020700ea070b14071e0f37b0ff")
    assert isinstance(shown, dict)
    assert (shown["type"], shown["location"]) == (15, 15)


def test_month_13_is_january_only_for_the_meters_that_send_it() -> None:
    packet = "000700ea070d14071e0f"
    assert described("2A18", packet) == {"seq": 7, "base_time": None, "context_follows": False}
    assert described("2A18", packet, "month-13") == {
        "seq": 7,
        "base_time": "2026-01-20T07:30:15",
        "context_follows": False,
    }


@pytest.mark.parametrize("offset", [0x7FFF, -0x8000])
def test_an_offset_out_of_range_leaves_the_time_unknown(offset: int) -> None:
    assert Glucose(sequence=1, base_time=TIME, offset=offset).stamp() is None


def test_an_offset_beyond_the_calendar_leaves_the_time_unknown() -> None:
    assert Glucose(sequence=1, base_time=DateTime(9999, 12, 31, 23, 59, 0), offset=60).stamp() is None


def test_a_full_glucose_context() -> None:
    context = GlucoseContext(
        sequence=300,
        extended=0xB3,
        carbohydrate=Carbohydrate(meal=3, mass=quantity(0.1, -1)),
        meal=4,
        tester=2,
        health=1,
        exercise=Exercise(seconds=60, intensity=50),
        medication=Medication(kind=4, amount=quantity(0.012, -3), unit="L"),
        hba1c=quantity(6.5, -1),
    )
    assert decode("2A34", context.encode()).describe() == {
        "seq": 300,
        "carb": 3,
        "carb_kg": 0.1,
        "meal": 4,
        "tester": 2,
        "health": 1,
        "exercise_s": 60,
        "exercise_pct": 50,
        "medication": 4,
        "medication_l": 0.012,
        "hba1c": 6.5,
    }


def test_an_unsuccessful_weighing_has_no_weight() -> None:
    assert described("2A9D", "00ffff") == {"weight": None, "unit": "kg"}
    assert described("2A9C", "0000ffff") == {"fat_pct": None, "unit": "kg"}
    assert described("2A9C", "3006" + "ffff" * 5) == {"fat_pct": None, "unit": "kg"}


def test_an_imperial_scale_sends_pounds_and_inches() -> None:
    sent = Weight(weight=165.35, unit="lb", bmi=24.1, height=69.5)
    assert decode("2A9D", sent.encode()) == sent
    assert sent.describe() == {"weight": 165.35, "unit": "lb", "bmi": 24.1, "height": 69.5}


def test_a_body_composition_split_over_two_packets_is_put_together() -> None:
    first = BodyComposition(fat_percentage=21.5, time=TIME, user=1, basal_metabolism=6500, multiple=True)
    second = BodyComposition(fat_percentage=21.5, impedance=512.3, weight=70.05, multiple=True)
    one, other = decode("2A9C", first.encode()), decode("2A9C", second.encode())
    assert isinstance(one, BodyComposition)
    assert isinstance(other, BodyComposition)
    whole = one.merged(other)
    assert (whole.time, whole.basal_metabolism, whole.impedance, whole.weight) == (TIME, 6500, 512.3, 70.05)
    assert not whole.multiple


@pytest.mark.parametrize(("contact", "bits"), [(None, 0b000), (False, 0b100), (True, 0b110)])
def test_skin_contact_is_told_only_by_sensors_that_can(contact: bool | None, bits: int) -> None:
    assert decode("2A37", bytes([bits, 70])) == HeartRate(bpm=70, contact=contact)


def test_rr_intervals_that_are_announced_must_be_there() -> None:
    with pytest.raises(DecodeError, match="RR"):
        decode("2A37", bytes([0x10, 70]))


def test_a_full_spot_check() -> None:
    sent = Oximetry(
        spo2=Quantity(97, 0),
        pulse=Quantity(72, 0),
        time=TIME,
        status=0x100,
        sensor_status=0x20,
        amplitude=quantity(3.4, -1),
    )
    assert decode("2A5E", sent.encode()).describe() == {
        "spo2": 97,
        "pulse": 72,
        "time": "2026-11-20T07:30:15",
        "status": 256,
        "sensor_status": 32,
        "pai": 3.4,
    }


def test_several_glucose_records_in_one_packet_each_with_its_check_sum() -> None:
    plain = bytes.fromhex("06000c100500")
    summed = bytes.fromhex("08000c100600") + crc(bytes.fromhex("08000c100600")).to_bytes(2, "little")
    assert decode("2AA7", plain + summed).describe() == [
        {"value": 120, "offset_min": 5},
        {"value": 120, "offset_min": 6, "crc_ok": True},
    ]


def test_the_check_sum_is_that_of_the_published_check_value() -> None:
    assert crc(b"123456789") == 0x6F91


@pytest.mark.parametrize("packet", ["", "05000c1005", "07000c100500", "0600", "06e30c100500", "06000c100500ff"])
def test_a_record_with_a_wrong_size_is_refused(packet: str) -> None:
    with pytest.raises(DecodeError):
        decode("2AA7", bytes.fromhex(packet))


def test_a_scale_that_shows_jin() -> None:
    sent = ScaleAdvert(weight=123.5, unit="jin", time=TIME)
    assert decode("adv:181D:xiaomi", sent.encode()) == sent
    body = BodyScaleAdvert(weight=123.5, unit="jin", impedance=480, time=TIME)
    assert decode("adv:181B:xiaomi", body.encode()) == body


@pytest.mark.parametrize("filling", ["0000", "b80b", "ffff"])
def test_an_impedance_that_is_still_being_measured_is_unknown(filling: str) -> None:
    shown = described("adv:181B:xiaomi", f"0226e607020e10293a{filling}9a38")
    assert isinstance(shown, dict)
    assert shown["impedance"] is None


def test_an_empty_slot_of_a_cuffs_memory_is_refused() -> None:
    with pytest.raises(DecodeError, match="empty"):
        decode("omron:HEM-7142T2", b"\xff" * 14)
    with pytest.raises(DecodeError, match="empty"):
        decode("omron:HEM-7142T2", bytes(14))


def test_a_cuff_that_counts_seconds_to_63_stays_in_its_minute() -> None:
    shown = described("omron:HEM-7142T2", "645a611a72193f1180000d006699")
    assert isinstance(shown, dict)
    assert shown["time"] == "2026-06-11T18:04:59"


def test_a_cuffs_year_has_six_bits() -> None:
    shown = described("omron:HEM-7142T2", "645a61da7219041180000d006699")
    assert isinstance(shown, dict)
    assert shown["time"] == "2026-06-11T18:04:04"
