"""How an emulated meter bonds: without a question, with a code on its display, or not at all."""

from __future__ import annotations

from bumble.pairing import PairingConfig, PairingDelegate

from tests.harness.radio.diary import Diary


class Bonding(PairingDelegate):
    """`code`: six digits that it shows and wants typed; None: it has no display. `refuses`: it bonds with nobody."""

    def __init__(self, diary: Diary, *, code: str | None, refuses: bool) -> None:
        super().__init__(self.NO_OUTPUT_NO_INPUT if code is None else self.DISPLAY_OUTPUT_ONLY)
        self._diary = diary
        self._code = code
        self._refuses = refuses

    def configuration(self) -> PairingConfig:
        """For the stack."""
        return PairingConfig(sc=True, mitm=self._code is not None, bonding=True, delegate=self)

    async def accept(self) -> bool:
        """Whether it bonds at all."""
        self._diary.note("asked to bond")
        return not self._refuses

    async def generate_passkey(self) -> int:
        """The code, always the same one."""
        return int(self._code or 0)

    async def display_number(self, number: int, digits: int) -> None:
        """What a person reads off it."""
        self._diary.note(f"shows {number:0{digits}d}")
