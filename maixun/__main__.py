"""`python -m maixun` is the command `maixun`."""

import sys

from maixun.cli import main

sys.exit(main())
