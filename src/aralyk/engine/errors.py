"""What the engine refuses, with whose fault it is. Messages quote values, never places."""


class OrderInvalid(ValueError):
    """An order that the engine can't take as written.

    Attributes: field: Path of the field, as `conditions[0].distance_m`.  expected, found: In words.
    """

    def __init__(self, *, field: str, expected: str, found: str) -> None:
        super().__init__(f"{field}: expected {expected}, found {found}")
        self.field = field
        self.expected = expected
        self.found = found


class ObservationInvalid(ValueError):
    """An observation with a value no device can mean (attributes as in `OrderInvalid`)."""

    def __init__(self, *, field: str, expected: str, found: str) -> None:
        super().__init__(f"{field}: expected {expected}, found {found}")
        self.field = field
        self.expected = expected
        self.found = found


class SnapshotInvalid(ValueError):
    """Bytes that are not a snapshot of this engine version."""
