"""`python -m aralyk.cli …`: the command line without its installed script."""

import sys

from aralyk.cli import main

sys.exit(main())
