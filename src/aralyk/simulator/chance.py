"""All randomness of the city comes from one seed, by name.

Each person, device and day draws from its own stream, so that adding an episode for one pair leaves everyone else's day
as it was, and a failure is repeated from the printed seed alone.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """The random stream of this name under this seed; equal arguments give equal streams on every machine."""
    digest = sha256("/".join(str(part) for part in (seed, *name)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
