"""`python -m aralyk.engine`."""

import sys

from aralyk.engine.command import main

sys.exit(main())
