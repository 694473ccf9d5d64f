"""A linear program of HiGHS, as suppression and its auditor use it."""

from __future__ import annotations

import highspy


class LinearProgram(highspy.Highs):
    """An empty linear program that prints nothing; switching on callbacks, as its base does, would print a banner."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.silent()
