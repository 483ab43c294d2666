"""Which devices are kept quiet: those of a respondent who could learn from what reaches him where she is.

A request that the engine or a person makes because of her place tells him, by its moment alone, that he is near her;
ten of them give her home within 60 m (docs/reference/what-he-can-learn.md). So nothing is sent to his device whose
moment anything about her decides. The exception is an order that hides nothing from him: each of its conditions is a
zone that it names openly, as it is drawn now, on a paper that he or his lawyer was given. In doubt a device is quiet.

Plain SQL, for the monitor and the console ask.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

from aralyk.papers.geometry import digest_of_shape
from aralyk.tracking.log import Cursor

_RESPONDENTS: Final = """
    SELECT a.device_id, a.order_id::text, v.spec::text FROM devices_assignment a
    JOIN orders_order o ON o.id = a.order_id
    LEFT JOIN orders_orderversion v ON v.order_id = o.id AND v.version = o.current_version
    WHERE a.until IS NULL AND a.party = 'respondent' AND a.device_id = ANY(%s)
"""
_TOLD: Final = """
    SELECT n.order_id::text, n.condition, n.shape_sha256 FROM papers_namedzone n
    WHERE n.order_id = ANY(%s::uuid[]) AND EXISTS (
        SELECT FROM papers_paper p JOIN papers_delivery d ON d.paper_id = p.id
        WHERE p.order_id = n.order_id AND p.rendition = 'served' AND p.made_at >= n.named_at
          AND d.recipient IN ('respondent', 'defence_lawyer'))
"""


def kept_quiet(cursor: Cursor, devices: Collection[str]) -> set[str]:
    """Those of these devices that get nothing whose moment could tell their carrier where she is.

    Args:
        cursor: Of any process that may read orders and papers.
        devices: Ids; those of nobody, or of a protected person, are never among the result.
    """
    if not devices:
        return set()
    cursor.execute(_RESPONDENTS, (sorted(devices),))
    carried = [(device, order, None if spec is None else json.loads(spec)) for device, order, spec in cursor.fetchall()]
    if not carried:
        return set()
    told: dict[str, set[tuple[str, str]]] = defaultdict(set)
    cursor.execute(_TOLD, (sorted({order for _, order, _ in carried}),))
    for order, condition, digest in cursor.fetchall():
        told[order].add((condition, digest))
    return {device for device, order, spec in carried if not _hides_nothing(spec, told[order])}


def _hides_nothing(spec: dict[str, Any] | None, told: set[tuple[str, str]]) -> bool:
    return spec is not None and all(
        condition["kind"] == "exclusion_zone" and (condition["id"], digest_of_shape(condition["shape"])) in told
        for condition in spec["conditions"]
    )
