"""How much slower than on a desk this machine runs: waits and time limits of the radio's stories grow by it."""

from __future__ import annotations

import os

# Set by `make test-bluez`, whose processor is emulated.
PACE = float(os.environ.get("MAIXUN_TEST_PACE", "1"))
