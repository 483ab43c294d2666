"""One process, one engine: install the edits of a mutation (or none), measure the figures asked for, print them.

python -m tests.mutations.measure MUTATION FIGURE …        (MUTATION `-`: the engine as it is)
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tests.mutations.edits import install
from tests.mutations.table import MUTATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Print one JSON object of figures."""
    name, *wanted = arguments
    install(() if name == "-" else MUTATIONS[name].edits)
    from tests.mutations.figures import FIGURES

    print(json.dumps({figure: FIGURES[figure]() for figure in wanted}))


if __name__ == "__main__":
    main(sys.argv[1:])
