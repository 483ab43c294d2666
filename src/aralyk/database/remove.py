"""`python -m aralyk.database.remove HOME`: deletes a home with its database, wherever the data went. For demos."""

from __future__ import annotations

import sys
from pathlib import Path

from aralyk.database.location import remove_database

if __name__ == "__main__":
    remove_database(Path(sys.argv[1]))
