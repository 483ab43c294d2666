"""What an order means for the fixes seen: a pure, deterministic function of orders, observations and time.

    state = State.empty()
    state.set_order(compile_order(order), at_us)
    decisions = state.step(observations, now_us)

No clock, no input or output, no randomness, no logging: the same state, input and engine version give the same
decisions, byte for byte, on every machine. See docs/explanation/detection.md and docs/reference/engine.md.
"""

from aralyk.engine.decisions import Approached, Decision, Kind, Phase
from aralyk.engine.errors import ObservationInvalid, OrderInvalid, SnapshotInvalid
from aralyk.engine.observations import Observation, parse_observation
from aralyk.engine.plan import OrderPlan, compile_order
from aralyk.engine.state import State
from aralyk.engine.version import ENGINE_VERSION

__all__ = [
    "ENGINE_VERSION",
    "Approached",
    "Decision",
    "Kind",
    "Observation",
    "ObservationInvalid",
    "OrderInvalid",
    "OrderPlan",
    "Phase",
    "SnapshotInvalid",
    "State",
    "compile_order",
    "parse_observation",
]
