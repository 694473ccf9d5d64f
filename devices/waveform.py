"""A curve sampled evenly in time, and its compact form: differences, their bytes sorted by weight, deflated."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import accumulate, pairwise

MOST_SAMPLES = 60_000  # a minute at 1000 Hz: twice as long and twice as fine as portable ECGs record
_BITS = 0xFFFF


class WaveformDamaged(ValueError):
    """Bytes that are no packed waveform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """`microvolts` are whole µV within 16 bits, the first at time 0, `sampling_rate` (Hz) of them a second."""

    sampling_rate: float
    microvolts: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.microvolts) / self.sampling_rate

    def pack(self) -> bytes:
        """The samples, compact: 30 s of an ECG at 250 Hz take 7 to 9 kB. Raises ValueError outside 16 bits.

        Neighbours are close, so nearly all high bytes of their differences are alike: together they deflate to nothing.
        """
        if len(self.microvolts) > MOST_SAMPLES or any(not -0x8000 <= value <= 0x7FFF for value in self.microvolts):
            raise ValueError(f"a waveform has at most {MOST_SAMPLES} samples of 16 bits")
        differences = [(after - before) & _BITS for before, after in pairwise((0, *self.microvolts))]
        plain = struct.pack(f"<{len(differences)}H", *differences)
        return zlib.compress(plain[0::2] + plain[1::2], 9)


def unpack(sampling_rate: float, packed: bytes) -> Waveform:
    """The inverse of `Waveform.pack`. Raises `WaveformDamaged`, also for what would unpack to more than the limit."""
    plain = _inflated(packed)
    half = len(plain) // 2
    both = bytearray(len(plain))
    both[0::2], both[1::2] = plain[:half], plain[half:]
    sums = accumulate(struct.unpack(f"<{half}H", both))
    values = ((total + 0x8000 & _BITS) - 0x8000 for total in sums)
    return Waveform(sampling_rate=sampling_rate, microvolts=tuple(values))


def _inflated(packed: bytes) -> bytes:
    inflating = zlib.decompressobj()
    try:
        plain = inflating.decompress(packed, 2 * MOST_SAMPLES + 1)
    except zlib.error as error:
        raise WaveformDamaged(f"not a packed waveform: {error}") from None
    if not inflating.eof or inflating.unused_data or len(plain) % 2 or not plain:
        raise WaveformDamaged(f"not a packed waveform of 1 to {MOST_SAMPLES} samples")
    return plain
