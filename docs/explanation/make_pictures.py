"""Draws the pictures of detection.md from what the real engine decides about small scripted orders.

usage: python docs/explanation/make_pictures.py [FOLDER]

Everybody in them is invented, and every figure in them is the engine's: places go in through `State`, and what is
drawn comes from decisions and from `policy`. Run it again whenever a threshold changes.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "src")]

from drawing import (  # noqa: E402
    AMBER,
    GREEN,
    GREY,
    HE,
    INK,
    PRIORITY_COLOURS,
    RED,
    SHE,
    Panel,
    Point,
    notes,
    picture,
    text,
)

from aralyk.engine import Decision, Observation, Phase, State, compile_order, policy  # noqa: E402
from aralyk.engine.times import iso, parse_us  # noqa: E402

START_US: Final = parse_us("2026-11-21T04:00:00Z")
SECOND_US: Final = 1_000_000
LAT: Final = 42.8746
LON: Final = 74.5698
NORTH_M: Final = 111_083.0
EAST_M: Final = 81_735.0
RING_M: Final = 500
FAR_M: Final = 30_000.0
MAP_M: Final = 1550.0
RINGS: Final = frozenset({"proximity", "warning_ring", "approach"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawn picture, and the reasons of the decisions that it shows."""

    svg: str
    reasons: frozenset[str]


# --- small worlds -----------------------------------------------------------------------------------------


def order(*, starts_s: float = 0.0, warning_m: float | None = None, interval_s: int = 15) -> dict[str, Any]:
    """An order with one ring: a bracelet on him, a phone with her."""
    return {
        "order_id": "picture",
        "starts_at": iso(at_us(starts_s)),
        "expires_at": "2026-12-21T04:00:00Z",
        "timezone": "Asia/Bishkek",
        "respondent": {"devices": [{"id": "his", "kind": "bracelet", "interval_s": interval_s}]},
        "protected": [{"id": "p", "devices": [{"id": "hers", "kind": "phone", "interval_s": interval_s}]}],
        "conditions": [
            {"id": "ring", "kind": "proximity", "protected": "p", "distance_m": RING_M, "warning_m": warning_m}
        ],
    }


def at_us(seconds: float) -> int:
    """Microseconds since the epoch of a moment of the picture."""
    return START_US + round(seconds * SECOND_US)


def seen(
    device: str, at_s: float, place: Point, *, speed_mps: float | None = None, towards: float = 270.0
) -> Observation:
    """A fix at metres east and north of her home, received a second later."""
    return Observation(
        device=device, fixed_at_us=at_us(at_s), received_at_us=at_us(at_s + 1),
        lat=LAT + place[1] / NORTH_M, lon=LON + place[0] / EAST_M, accuracy_m=10.0, source="gnss",
        speed_mps=speed_mps, heading_deg=None if speed_mps is None else towards,
    )  # fmt: skip


def at_home(from_s: float, to_s: float, step_s: float = 15.0) -> list[Observation]:
    """Her phone, at rest."""
    return [seen("hers", t, (0.0, 0.0)) for t in times(from_s, to_s, step_s)]


def times(from_s: float, to_s: float, step_s: float) -> list[float]:
    """Moments from one to another, both included."""
    return [from_s + i * step_s for i in range(round((to_s - from_s) / step_s) + 1)]


def decided(given: dict[str, Any], fixes: Iterable[Observation], until_s: float) -> list[Decision]:
    """What the engine says about an order and its fixes."""
    state = State.empty()
    told = state.set_order(compile_order(given), START_US)
    heard = sorted(fixes, key=lambda seen: seen.received_at_us)
    told += state.step(heard, heard[-1].received_at_us)
    return told + state.tick(at_us(until_s))


def seconds_of(decision: Decision) -> float:
    """When it was decided, in the picture's seconds."""
    return (decision.decided_at_us - START_US) / SECOND_US


def about(told: Iterable[Decision], kinds: frozenset[str] = RINGS) -> list[Decision]:
    """The decisions of these kinds."""
    return [d for d in told if d.kind in kinds]


def reasons(*groups: Iterable[Decision]) -> frozenset[str]:
    """The reasons of the decisions drawn."""
    return frozenset(d.reason for group in groups for d in group)


def judged(age_s: float, fixes: Sequence[Observation]) -> Decision:
    """The engine's judgement of two places so many seconds old: an order that begins then must judge them at once."""
    told = decided(order(starts_s=age_s, warning_m=FAR_M), fixes, age_s + 1)
    return next(d for d in told if d.phase is Phase.OPEN and d.kind in RINGS)


def percent(decision: Decision) -> str:
    """The probability of a decision in words of the picture."""
    if decision.probability is None:
        return "-"
    return "below 1 %" if decision.probability < 0.01 else f"{100 * decision.probability:.0f} %"


def news(told: Iterable[Decision]) -> list[Decision]:
    """The decisions that say something for the first time."""
    first: dict[str, Decision] = {}
    for d in told:
        first.setdefault(d.reason, d)
    return list(first.values())


# --- the pictures -----------------------------------------------------------------------------------------


def ageing() -> Picture:
    """(a) Two places, and what is known of the distance as they age."""
    cases = [
        ("300 m, both at rest", 300.0, 0.0, SHE),
        ("300 m, he drives", 300.0, 14.0, HE),
        ("900 m, he drives", 900.0, 14.0, GREEN),
    ]
    ages = [0, 5, 10, 15, 30, 45, 60, 90, 120, 180, 240, 300, 420, 540, 598]
    shown = Panel(left=80, top=100, width=370, height=260, x=(0, 10), y=(0, 3000))
    shown.axes("Distance, 95 % interval", "age of both places, minutes", "metres", [0, 2, 4, 6, 8, 10],
               [0, 500, 1000, 1500, 2000, 2500, 3000])  # fmt: skip
    chance = Panel(left=540, top=100, width=390, height=260, x=(0, 10), y=(0, 1))
    chance.axes("Probability that the distance is below 500 m", "age of both places, minutes", "",
                [0, 2, 4, 6, 8, 10], [0, 0.2, 0.4, 0.6, 0.8, 1])  # fmt: skip
    chance.level(policy.P_OPEN, "priority 1 from here", RED)
    chance.level(policy.P_POSSIBLE, "priority 2 from here", AMBER)
    chance.level(policy.P_CLOSE, "may end below", GREY)
    every = []
    for name, apart_m, speed_mps, colour in cases:
        fixes = [seen("his", 0, (apart_m, 0.0), speed_mps=speed_mps, towards=0.0), seen("hers", 0, (0.0, 0.0))]
        told = [judged(age, fixes) for age in ages]
        every += told
        bounds = [d.distance_m_95 or (0.0, 0.0) for d in told]
        minutes = [age / 60 for age in ages]
        if colour != HE:
            low = [(m, b[0]) for m, b in zip(minutes, bounds, strict=True)]
            high = [(m, b[1]) for m, b in zip(minutes, bounds, strict=True)]
            shown.area([*low, *reversed(high)], colour)
            shown.line(low, colour, width=1.2)
            shown.line(high, colour, width=1.2)
        curve = [(m, d.probability or 0.0) for m, d in zip(minutes, told, strict=True)]
        chance.line(curve, colour)
        row = len(every) // len(ages)
        chance.words(4.2, 1.0 - 0.08 * row, name, colour=colour)
    shown.words(2.4, 2800, cases[2][0], colour=GREEN)
    shown.words(5.4, 2100, cases[0][0], colour=SHE)
    shown.level(RING_M, "", RED)
    shown.words(10, RING_M, " ring", colour=RED, dy=4)
    return Picture(
        svg=picture(
            "A place that ages knows less",
            "One fix of each, declared radius 10 m; nothing newer comes. Judgements of the engine at each age.",
            420, [*shown.parts, *chance.parts],
        ),
        reasons=reasons(every),
    )  # fmt: skip


def approach() -> Picture:
    """(b) The ring in metres and the ring in seconds."""
    panels = []
    every = []
    for left, title, speed, from_m, top_m, ys, end_min in (
        (80, "He drives, 12 m/s (43 km/h)", 12.0, 4200.0, 4500, [0, 1000, 2000, 3000, 4000], 6),
        (560, "He walks, 1.5 m/s", 1.5, 1700.0, 1800, [0, 500, 1000, 1500], 15),
    ):
        stop_s = (from_m - 150) / speed
        path = [(t, max(from_m - speed * t, 150.0)) for t in times(0, end_min * 60, 15)]
        his = [seen("his", t, (d, 0.0), speed_mps=speed if t < stop_s else 0.0) for t, d in path]
        told = about(decided(order(warning_m=800), [*his, *at_home(0, end_min * 60)], end_min * 60))
        panel = Panel(left=left, top=100, width=370, height=290, x=(0, end_min), y=(0, top_m))
        panel.axes(title, "minutes", "distance, metres", times(0, end_min, 1 if end_min < 10 else 3), ys)
        panel.level(RING_M, "the ring: 500 m", RED, is_left=True)
        panel.level(800, "warning ring: 800 m", AMBER, is_left=True)
        panel.line([(t / 60, d) for t, d in path], HE)
        for i, d in enumerate(news(told), 1):
            here = max(from_m - speed * (seconds_of(d) - 1), 150.0)
            colour = PRIORITY_COLOURS[d.priority]
            panel.dot(seconds_of(d) / 60, here, colour)
            panel.words(seconds_of(d) / 60, here, f" {i}", dy=-6)
            share = f"{d.time_to_contact_s:.0f} s to the ring" if d.reason == "approaching" else percent(d)
            words = f"{i}  {d.reason.removesuffix('_request_better_fix')}, {share}"
            panel.parts.append(text((left + 165, 112 + 20 * (i - 1)), words, colour=colour))
        panels += panel.parts
        every += told
    return Picture(
        svg=picture(
            "The ring in seconds speaks before the ring in metres",
            "He comes straight towards her, a fix each 15 s. Dots: decisions, amber priority 2, red 1; percent: "
            "P(distance < 500 m).",
            440, panels,
        ),
        reasons=reasons(every),
    )  # fmt: skip


def swept() -> Picture:
    """(c) Nobody was near at any fix, and yet they met."""
    fixes = [seen("his", 0, (-900.0, 160.0)), seen("his", 60, (900.0, 160.0)), *at_home(0, 60, 30)]
    told = about(decided(order(interval_s=60), fixes, 61))
    first = told[0]
    world = Panel(left=30, top=90, width=560, height=330, x=(-1120, 1120), y=(-660, 660))
    world.frame("Map, 500 m round her")
    world.circle(0, 0, RING_M, RED, filled=True)
    world.line([(-900, 160), (900, 160)], HE, dashed=True)
    world.line([(0, 0), (0, 160)], INK, width=1.2)
    for x, words in ((-900, "his fix, 0 s"), (900, "his fix, 60 s")):
        world.dot(x, 160, HE)
        world.words(x, 160, words, colour=HE, anchor="start" if x < 0 else "end", dy=-14)
        world.words(x, 160, "914 m from her", colour=GREY, anchor="start" if x < 0 else "end", dy=26)
    world.dot(0, 0, SHE)
    world.words(0, 0, "she, at rest", colour=SHE, anchor="middle", dy=24)
    met_s = (first.occurred_at_us - START_US) / SECOND_US
    world.dot(0, 160, PRIORITY_COLOURS[first.priority], hollow=True)
    world.words(0, 160, f"nearest: {first.distance_m:.0f} m, about {met_s:.0f} s", anchor="middle", dy=-14)
    low, high = first.distance_m_95 or (0.0, 0.0)
    said = notes(
        (620, 120),
        [
            f"What the engine said at {seconds_of(first):.0f} s:", f"  {first.kind}, priority {first.priority}",
            f"  {first.reason}", f"  probability {percent(first)}", f"  distance {first.distance_m:.0f} m",
            f"  95 %: {low:.0f} to {high:.0f} m", f"  happened at {met_s:.0f} s", "",
            "The straight way is a guess: the", "place on it is widened in the middle",
            f"and priority 1 needs {100 * policy.P_SWEPT:.0f} %,", f"not {100 * policy.P_OPEN:.0f} % as at a fix.",
        ],
    )  # fmt: skip
    return Picture(
        svg=picture(
            "A meeting between two fixes is found",
            "His two fixes are a minute apart and both outside. Each declares a radius of 10 m.",
            440, [*world.parts, *said],
        ),
        reasons=reasons(told),
    )  # fmt: skip


def reachable() -> Picture:
    """(d) His bracelet falls silent: before a moment a meeting is impossible, then possible."""
    apart_m, last_s, until_s = 6000.0, 120.0, 900.0
    fixes = [seen("his", t, (apart_m, 0.0)) for t in times(0, last_s, 15)]
    told = decided(order() | {"threat_level": "high"}, [*fixes, *at_home(0, until_s)], until_s + 1)
    silence = about(told, frozenset({"silence"}))
    opening = silence[0]
    serious = next(d for d in silence if d.priority == 2)
    critical = next(d for d in silence if d.priority == 1)
    reach = float(critical.basis["reach_mps"])
    panel = Panel(left=90, top=100, width=840, height=280, x=(0, 15), y=(0, 7000))
    panel.axes("How near he can be to her", "minutes", "metres", times(0, 15, 1), times(0, 7000, 1000))
    last = last_s / 60
    nearest = [
        (last, apart_m),
        *[(t / 60, max(apart_m - reach * (t - last_s), 0.0)) for t in times(last_s, until_s, 15)],
    ]
    panel.area([*nearest, (15, 7000), (last, 7000)], HE)
    panel.line([(0, apart_m), (last, apart_m)], HE)
    panel.line(nearest, HE, dashed=True)
    panel.level(RING_M, "the ring: 500 m", RED)
    panel.dot(last, apart_m, HE)
    panel.words(last, apart_m, "his last fix, 6,000 m away", colour=HE, dy=-10)
    panel.words(8.5, 5500, f"he may be anywhere here ({reach:.1f} m/s at most)", colour=HE)
    panel.words(0.4, 3500, "a meeting is", colour=GREEN)
    panel.words(0.4, 3000, "impossible", colour=GREEN)
    for d, high in ((opening, 1500), (serious, 4300), (critical, 2900)):
        x = seconds_of(d) / 60
        panel.line([(x, 0), (x, high)], PRIORITY_COLOURS[d.priority], width=1.2)
        panel.dot(x, high, PRIORITY_COLOURS[d.priority])
        panel.words(x + 0.12, high, f"{d.reason}: priority {d.priority}, {x:.1f} min", dy=4)
    return Picture(
        svg=picture(
            "Silence: impossible before, possible since",
            "His bracelet reports each 15 s, then falls silent; her phone goes on from one place. Threat level: high.",
            440, panel.parts,
        ),
        reasons=reasons(silence),
    )  # fmt: skip


def passing() -> Picture:
    """(e) Two drives at the same speed: one goes through, one turns in."""
    speed = 20.0
    through = [(t, (-1500.0 + speed * t, 260.0)) for t in times(0, 345, 15)]
    panels = []
    every = []
    for left, title, path in (
        (30, "Drives through", through),
        (495, "Turns in", turning_in(through)),
    ):
        his = [
            seen("his", t, p, speed_mps=v, towards=h)
            for (t, p), (v, h) in zip(path, motions(path), strict=True)
        ]  # fmt: skip
        told = about(decided(order(), [*his, *at_home(0, 345)], 345))
        every += told
        world = Panel(left=left, top=100, width=435, height=300, x=(-1595, 1595), y=(-1100, 1100))
        world.frame(title)
        world.circle(0, 0, RING_M, RED, filled=True)
        world.dot(0, 0, SHE)
        world.words(0, 0, "she", colour=SHE, anchor="middle", dy=22)
        world.line([p for _, p in path if abs(p[0]) <= MAP_M], HE, width=1.2)
        for t, place in path:
            if abs(place[0]) <= MAP_M:
                stands = priority_at(told, t + 1.5)
                world.dot(*place, PRIORITY_COLOURS.get(stands, GREEN), hollow=stands == 0)
        panels += world.parts
        steps = [d for i, d in enumerate(told) if i == 0 or d.reason != told[i - 1].reason]
        words = " → ".join(f"{d.reason} ({'closed' if d.phase is Phase.CLOSE else d.priority})" for d in steps)
        panels += notes((left, 426), [words])
    return Picture(
        svg=picture(
            "Driving through a ring, and turning in",
            "72 km/h, a fix each 15 s, ring 500 m. Dots: his fixes, amber while priority 2 stood, red while 1.",
            450, panels,
        ),
        reasons=reasons(every),
    )  # fmt: skip


def turning_in(through: list[tuple[float, Point]]) -> list[tuple[float, Point]]:
    """The same drive up to her street, then into it, slower, and there he stays."""
    path = through[:6]
    t, (x, y) = path[-1]
    for dx, dy in ((90.0, -60.0), (60.0, -80.0), (10.0, -40.0), *[(0.0, 0.0)] * 15):
        t, x, y = t + 15, x + dx, y + dy
        path.append((t, (x, y)))
    return path


def motions(path: list[tuple[float, Point]]) -> list[tuple[float, float]]:
    """Speed (m/s) and compass heading by which each place was reached; the first as the second."""
    found = []
    for (t0, p0), (t1, p1) in itertools.pairwise(path):
        dx, dy = p1[0] - p0[0], p1[1] - p0[1]
        found.append((math.hypot(dx, dy) / (t1 - t0), math.degrees(math.atan2(dx, dy)) % 360.0))
    return [found[0], *found]


def priority_at(told: Sequence[Decision], at_s: float) -> int:
    """The priority that stood at a moment; 0 if no incident was open."""
    stands = 0
    for d in told:
        if seconds_of(d) <= at_s:
            stands = 0 if d.phase is Phase.CLOSE else d.priority
    return stands


def episode() -> Picture:
    """(f) The life of one episode: rises by one fix, falls by two, closes two minutes later."""
    path = (
        [(t, 1000.0 - 2.0 * t) for t in times(0, 330, 15)]
        + [(t, 340.0) for t in times(345, 600, 15)]
        + [(t, 340.0 + 3.0 * (t - 600)) for t in times(615, 1200, 15)]
    )
    stray_s = 480.0
    places = [(t, 2200.0 if t == stray_s else d) for t, d in path]
    his = [seen("his", t, (d, 0.0)) for t, d in places]
    hers = at_home(0, 1200)
    told = about(decided(order(warning_m=800), [*his, *hers], 1201))
    judgements = [(t / 60, judged_now([f for f in his if (f.fixed_at_us or 0) <= at_us(t)][-3:], t)) for t, _ in path]
    now = [(minute, d.probability or 0.0) for minute, d in judgements if d is not None]
    chance = Panel(left=90, top=100, width=840, height=190, x=(0, 20), y=(0, 1))
    chance.axes("Probability that the distance is below 500 m, by each fix", "", "", [], [0, 0.2, 0.4, 0.6, 0.8, 1])
    chance.level(policy.P_OPEN, "rises at once", RED)
    chance.level(policy.P_CLOSE, "two fixes below: calm", GREEN)
    chance.line(now, HE, width=1.2)
    for x, y in now:
        chance.dot(x, y, HE, radius=2.5)
    chance.dot(stray_s / 60, 0.0, GREY, hollow=True)
    chance.words(stray_s / 60, 0.0, "one stray fix, 2.2 km off: the next one is waited for", anchor="middle", dy=-36)
    stands = Panel(left=90, top=345, width=840, height=130, x=(0, 20), y=(0, 4))
    stands.axes("What the incident says", "minutes", "", times(0, 20, 2), [])
    line: list[Point] = [(0.0, 0.0)]
    line += [(seconds_of(d) / 60, 0.0 if d.phase is Phase.CLOSE else height_of(d)) for d in told]
    stands.steps([*line, (20.0, line[-1][1])], RED)
    for y, words in enumerate(("none", "approach", "warning", "possible", "probable")):
        stands.parts.append(text((stands.left - 7, stands.at(0, y)[1] + 4), words, anchor="end", colour=GREY))
    marked: list[Decision] = []
    for d in told:
        if marked and (marked[-1].reason, marked[-1].phase) == (d.reason, d.phase):
            continue
        marked.append(d)
        x, high = seconds_of(d) / 60, 0.0 if d.phase is Phase.CLOSE else height_of(d)
        stands.dot(x, high, PRIORITY_COLOURS[d.priority])
        stands.words(x, high, f" {len(marked)}", dy=-8)
    listed = [f"{i}  {d.reason.removesuffix('_request_better_fix')} ({d.phase})" for i, d in enumerate(marked, 1)]
    stands.parts += notes((120, 548), listed[: len(listed) // 2 + 1])
    stands.parts += notes((420, 548), listed[len(listed) // 2 + 1 :])
    stands.parts += notes(
        (690, 548),
        ["Two calm fixes lower it; it closes", "when the lateness window (2 min)", "has passed without contradiction."],
    )
    return Picture(
        svg=picture(
            "The life of an episode",
            "He walks to her, stays near for some minutes and leaves. Ring 500 m, warning ring 800 m, a fix each 15 s.",
            630, [*chance.parts, *stands.parts],
        ),
        reasons=reasons(told),
    )  # fmt: skip


def judged_now(his: Sequence[Observation], at_s: float) -> Decision | None:
    """What the newest places say by themselves, without the way between fixes; None of a lone leap."""
    told = decided(order(starts_s=at_s + 2, warning_m=FAR_M), [*his, *at_home(at_s - 15, at_s)], at_s + 3)
    return next(iter(about(told)), None)


def height_of(decision: Decision) -> float:
    """The level that an open incident says, from 1 (approach) to 4 (probable)."""
    if decision.kind == "proximity":
        return 4.0 if decision.priority == 1 else 3.0
    return 2.0 if decision.kind == "warning_ring" else 1.0


PICTURES: Final = {
    "ageing": ageing,
    "approach": approach,
    "swept": swept,
    "reachable": reachable,
    "passing": passing,
    "episode": episode,
}


def main(folder: Path) -> None:
    """Draw all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        drawn = draw()
        (folder / f"{name}.svg").write_text(drawn.svg, "utf-8")
        print(f"{name}.svg: {', '.join(sorted(drawn.reasons))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "pictures")
