"""EDF and EDF+ files of an ECG, read by the library edfio: its one signal, or the one that is labelled ECG."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from pathlib import Path

import edfio

from devices.ecg.recording import NotARecording, Recording, of_millivolts

_MILLIVOLTS = {"mv": 1.0, "uv": 0.001, "µv": 0.001, "v": 1000.0}
_WITHOUT_DATE = date(1985, 1, 1)  # what EDF writes where the date is unknown


def read_edf(path: Path, device: str) -> Recording:
    """The recording in such a file. Raises `NotARecording`, `OSError`."""
    content = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fields outside the standard, which exports often have
            edf = edfio.read_edf(content, lazy_load_data=False)
            lead = _lead(edf)
            millivolts = (lead.data * _scale(lead.physical_dimension)).tolist()
            started_at = _started_at(edf)
    except (LookupError, ArithmeticError, TypeError, ValueError) as error:  # whatever a damaged file leads edfio to
        raise NotARecording(f"not an EDF file with an ECG: {error}") from error
    return of_millivolts(device, millivolts, lead.sampling_frequency, started_at)


def _lead(edf: edfio.Edf) -> edfio.EdfSignal:
    labelled = [signal for signal in edf.signals if "ecg" in signal.label.lower() or "ekg" in signal.label.lower()]
    found = labelled or list(edf.signals)
    if len(found) != 1:
        raise NotARecording(
            f"{len(found)} signals ({', '.join(signal.label for signal in found)}): export one, labelled ECG"
        )
    return found[0]


def _scale(dimension: str) -> float:
    """Millivolts in one of the unit."""
    scale = _MILLIVOLTS.get(dimension.strip().lower())
    if scale is None:
        raise NotARecording(f"its unit is {dimension!r}: export it in mV or uV")
    return scale


def _started_at(edf: edfio.Edf) -> datetime | None:
    """The device's own clock; None where the date was removed."""
    try:
        started_at = edf.startdatetime
    except edfio.AnonymizedDateError:
        return None
    return started_at if started_at.date() != _WITHOUT_DATE else None
