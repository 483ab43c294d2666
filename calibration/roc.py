"""What the law is worth beside naive rules: `python -m calibration.roc`, on minutes of the test trips.

One person carried both phones, so each minute is one of two people together; the same minute with her phone moved
by five times D is one of two people apart. Each rule gives a score, and sees the newest place of each phone:
*points* (distance < D), *circles* (distance less both declared radii < D), *law* (P(distance < D) with both ages).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from calibration import data, law, pictures
from calibration.cases import SEED
from calibration.data import Floats

LIMITS_M: Final = (200.0, 500.0, 1000.0)
APART_LIMITS: Final = 5.0
MINUTE_US: Final = 60_000_000
FRESH_US: Final = 5 * MINUTE_US
P_RAISED: Final = (0.5, 0.2)
PICTURE: Final = data.REPOSITORY / "docs" / "explanation" / "pictures" / "roc.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Newest places at the end of each minute: hers from his in metres, radii, speeds, ages."""

    x_m: Floats
    y_m: Floats
    radius_m: Floats
    her_radius_m: Floats
    speed_mps: Floats
    her_speed_mps: Floats
    age_s: Floats
    her_age_s: Floats


def minutes(experiment: str) -> Minutes:
    """The minutes of an experiment in which the carrier's truth is known and both phones were heard of late."""
    carrier = data.carrier(experiment)
    ends = (np.unique(carrier.at_s // 60) + 1) * MINUTE_US
    newest = []
    for phone in (data.ANDROID, data.IPHONE):
        track = data.track(experiment, phone)
        row = np.searchsorted(track.at_us, ends, side="right") - 1
        age = np.where(row >= 0, ends - track.at_us[row], 2 * FRESH_US)
        newest.append((track, row, age, data.engine_speed(track, np.arange(track.at_us.size))))
    both = (newest[0][2] <= FRESH_US) & (newest[1][2] <= FRESH_US)
    (his, r, r_age, r_speed), (hers, p, p_age, p_speed) = (
        (track, row[both], age[both], speed[row[both]]) for track, row, age, speed in newest
    )
    x, y = carrier.plane(his.lat[r], his.lon[r])
    her_x, her_y = carrier.plane(hers.lat[p], hers.lon[p])
    return Minutes(
        x_m=her_x - x, y_m=her_y - y, radius_m=his.radius_m[r], her_radius_m=hers.radius_m[p],
        speed_mps=r_speed, her_speed_mps=p_speed, age_s=r_age / 1e6, her_age_s=p_age / 1e6,
    )  # fmt: skip


def scores(m: Minutes, limit_m: float, moved_m: float) -> dict[str, Floats]:
    """What each rule says of each minute; larger is nearer, and naive rules raise above 0."""
    angle = np.random.default_rng(SEED).uniform(0.0, 2.0 * np.pi, m.x_m.size)
    distance = np.hypot(m.x_m + moved_m * np.cos(angle), m.y_m + moved_m * np.sin(angle))
    return {
        "points": limit_m - distance,
        "circles": limit_m - (distance - m.radius_m - m.her_radius_m),
        "law": law.near_pair(
            offset_m=distance, limit_m=np.full(distance.size, limit_m), radius_m=m.radius_m, speed_mps=m.speed_mps,
            age_s=m.age_s, other_radius_m=m.her_radius_m, other_speed_mps=m.her_speed_mps, other_age_s=m.her_age_s,
        ),
    }  # fmt: skip


def curve(together: Floats, apart: Floats) -> tuple[Floats, Floats]:
    """Shares raised of the minutes apart and together, for every threshold."""
    cuts = np.unique(np.concatenate([together, apart]))[::-1]
    hit = 1.0 - np.searchsorted(np.sort(together), cuts, side="left") / together.size
    false = 1.0 - np.searchsorted(np.sort(apart), cuts, side="left") / apart.size
    return np.concatenate([[0.0], false, [1.0]]), np.concatenate([[0.0], hit, [1.0]])


def area_under(false: Floats, hit: Floats) -> float:
    """Area under the curve: the chance that a minute together scores above a minute apart."""
    return float((np.diff(false) * 0.5 * (hit[1:] + hit[:-1])).sum())


def hit_at(false: Floats, hit: Floats, share: float) -> float:
    """The largest share raised together while at most `share` of the minutes apart are raised."""
    return float(hit[false <= share].max())


def draw(path: Path, curves: dict[float, dict[str, tuple[Floats, Floats]]]) -> None:
    """One panel per D; false alarms up to a tenth, where a service has to live."""
    panels = [
        pictures.Panel(
            title=f"D = {limit:g} m", x_label="minutes apart raised", y_label="minutes together raised",
            x_max=0.1, lines=dict(of),
        )
        for limit, of in curves.items()
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(pictures.svg(panels), "utf-8")


def main() -> None:
    """Print the table and draw the curves."""
    parts = [minutes(experiment) for experiment in data.TEST]
    every = Minutes(**{name: np.concatenate([getattr(m, name) for m in parts]) for name in Minutes.__slots__})
    print(f"{every.x_m.size} minutes with both phones heard within 5 minutes\n")
    print("| D | rule | area under curve | together raised at 1 % of apart | rule's own point: together | apart |")
    print("|---|---|---|---|---|---|")
    curves: dict[float, dict[str, tuple[Floats, Floats]]] = {}
    for limit in LIMITS_M:
        near, far = scores(every, limit, 0.0), scores(every, limit, APART_LIMITS * limit)
        curves[limit] = {}
        for rule in near:
            false, hit = curves[limit][rule] = curve(near[rule], far[rule])
            own = P_RAISED if rule == "law" else (0.0,)
            together = ", ".join(f"{100 * float((near[rule] > cut).mean()):.1f} %" for cut in own)
            apart = ", ".join(f"{100 * float((far[rule] > cut).mean()):.1f} %" for cut in own)
            name = "law (P > 0.5, P > 0.2)" if rule == "law" else rule
            print(
                f"| {limit:g} | {name} | {area_under(false, hit):.4f} | {100 * hit_at(false, hit, 0.01):.1f} %"
                f" | {together} | {apart} |"
            )
    draw(PICTURE, curves)


if __name__ == "__main__":
    main()
