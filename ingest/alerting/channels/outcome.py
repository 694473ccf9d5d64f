"""Why a message did not go out, named for what to do next."""

from __future__ import annotations


class NotSent(Exception):
    """`says` is for the send log: a code and a sentence, never an address, a key or an URL."""

    outcome = "temporary"

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


class TryAgain(NotSent):
    """Nothing to mend: the other side is busy, slow or unreachable. Tried again with growing pauses."""


class MendChannel(NotSent):
    """The channel itself is set up wrongly: key, signature, template, rights. An administrator must mend it."""

    outcome = "permanent"


class MendAddress(NotSent):
    """This person's address does not take messages. The station lead corrects the contact."""

    outcome = "recipient"
