"""A run as files that `aralyk replay` reads, with the truth beside them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.devices import ALARMS, CHECK_INS, SOURCES, STRAPS
from aralyk.simulator.drill.plane import degrees
from aralyk.simulator.drill.runs import Run, device_id, iso
from aralyk.simulator.drill.verdicts import PHASES, Verdicts

TRUTH_STEP_S = 5.0


def case_texts(run: Run, said: npt.NDArray[Any], verdicts: Verdicts, wrong: str) -> dict[str, str]:
    """File names and their texts."""
    marks = {name: iso(second) for name, second in run.marks.items() if name.endswith("_s")}
    about = {"wrong": wrong, "tags": run.tags, "marks": marks, "ends": iso(run.ends_s)}
    return {
        "ORDER.json": json.dumps(run.order(), indent=1) + "\n",
        "ABOUT.json": json.dumps(about, indent=1) + "\n",
        "OBSERVATIONS.jsonl": "".join(json.dumps(observation(run, row)) + "\n" for row in said),
        "TRUTH.jsonl": "".join(json.dumps(row) + "\n" for row in _truth(run)),
        "VERDICTS.jsonl": "".join(json.dumps(_verdict(row)) + "\n" for row in verdicts),
    }


def observation(run: Run, row: Any) -> dict[str, Any]:
    """One record in the INTERFACES form."""

    def known(name: str) -> float | None:
        value = float(row[name])
        return None if np.isnan(value) else value

    lat, lon = known("lat"), known("lon")
    hears = int(row["hears"])
    heard = None if hears < 0 else [device_id(run, n) for n, *_ in run.carriers() if hears & (1 << n)]
    return {
        "device": device_id(run, int(row["party"])),
        "fixed_at": iso(float(row["fixed_s"])),
        "received_at": iso(float(row["received_s"])),
        "lat": None if lat is None else round(lat, 7),
        "lon": None if lon is None else round(lon, 7),
        "valid": True,
        "accuracy_m": known("accuracy_m"),
        "source": SOURCES[int(row["source"])],
        "speed_mps": known("speed_mps"),
        "heading_deg": known("heading_deg"),
        "battery_pct": known("battery_pct"),
        "charging": (None, False, True)[int(row["charging"])],
        "strap": STRAPS[int(row["strap"])],
        "mock": bool(row["mock"]),
        "check_in": CHECK_INS[int(row["check_in"])],
        "proximity_ble": heard,
        "alarms": [name for bit, name in enumerate(ALARMS) if int(row["alarms"]) & (1 << bit)],
    }


def _truth(run: Run) -> list[dict[str, Any]]:
    at = np.arange(run.from_s, run.ends_s, TRUTH_STEP_S)
    his = np.column_stack(degrees(*run.he.place(at)))
    hers = np.column_stack(degrees(*run.she.place(at)))
    apart = run.apart_m(at)
    return [
        {
            "at": iso(float(s)),
            "apart_m": round(float(d), 1),
            "respondent": a.round(6).tolist(),
            "protected": b.round(6).tolist(),
        }
        for s, d, a, b in zip(at, apart, his, hers, strict=True)
    ]


def _verdict(row: Any) -> dict[str, Any]:
    return {
        "decided_at": iso(float(row["decided_s"])), "occurred_at": iso(float(row["occurred_s"])),
        "phase": PHASES[int(row["phase"])], "priority": int(row["priority"]), "kind": str(row["kind"]),
        "reason": str(row["reason"]), "incident": str(row["incident"]), "condition": str(row["condition"]) or None,
    }  # fmt: skip
