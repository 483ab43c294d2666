"""Quarantine: what was not taken and why; look at the bytes, read them again, release or dismiss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.console import sentences
from aralyk.console.dump import SHOWN_BYTES_MAX, dump
from aralyk.console.forms import ReasonForm, problems
from aralyk.console.people import person_of
from aralyk.console.quarantine_words import CODES, OBSTACLES, STANDINGS
from aralyk.devices.actions import PROTOCOLS
from aralyk.quarantine.actions import Look, Released, do_dismiss, do_look, do_release, do_release_all
from aralyk.quarantine.queries import Filter, Frame, Standing, frame_for, frames_for, groups_for, strangers_for

PERIODS: Final[Mapping[str, timedelta | None]] = {
    "all": None, "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30),
}  # fmt: skip
WORD_MAX: Final = 64  # of a filter
ID_DIGITS_MAX: Final = 18
_RELEASE: Final = "release"
_DISMISS: Final = "dismiss"


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Frames, newest first, by reason, protocol, device and time; what waits, counted, beside."""
    return _render_list(request)


@require_POST
def release_all(request: HttpRequest) -> HttpResponse:
    """Release what waits of one protocol and reason."""
    form = ReasonForm(request.POST, prefix=_RELEASE)
    if not form.is_valid():
        return _render_list(request, form=form)
    given = request.POST
    done = do_release_all(
        person_of(request), protocol=_word(given, "protocol") or "", code=_word(given, "code") or "",
        reason=form.cleaned_data["reason"], before=_number(given, "before"),
    )  # fmt: skip
    return _render_list(request, done=done)


@require_GET
def page(request: HttpRequest, frame_id: int) -> HttpResponse:
    """One frame without its bytes."""
    return _render_page(request, frame_for(person_of(request), frame_id))


@require_POST
def look(request: HttpRequest, frame_id: int) -> HttpResponse:
    """The frame with its bytes and what today's codec reads in them; the look is witnessed."""
    found = do_look(person_of(request), frame_id)
    return _render_page(request, found.frame, found=found)


@require_POST
def release(request: HttpRequest, frame_id: int) -> HttpResponse:
    """Vouch for a frame: it goes to the log as a late one."""
    user = person_of(request)
    frame = frame_for(user, frame_id)
    form = ReasonForm(request.POST, prefix=_RELEASE)
    if not form.is_valid():
        return _render_page(request, frame, release_form=form)
    do_release(user, frame_id, reason=form.cleaned_data["reason"])
    return HttpResponseRedirect(reverse("quarantined", args=[frame_id]))


@require_POST
def dismiss(request: HttpRequest, frame_id: int) -> HttpResponse:
    """Say that a frame needs nothing more."""
    user = person_of(request)
    frame = frame_for(user, frame_id)
    form = ReasonForm(request.POST, prefix=_DISMISS)
    if not form.is_valid():
        return _render_page(request, frame, dismiss_form=form)
    do_dismiss(user, frame_id, reason=form.cleaned_data["reason"])
    return HttpResponseRedirect(reverse("quarantined", args=[frame_id]))


def _render_list(request: HttpRequest, *, form: ReasonForm | None = None, done: Released | None = None) -> HttpResponse:
    user = person_of(request)
    asked = request.POST if request.method == "POST" else request.GET
    standing = _word(asked, "standing") or Standing.WAITING.value
    period = _word(asked, "period") or "all"
    span = PERIODS.get(period)
    wanted = Filter(
        protocol=_word(asked, "protocol"),
        code=_word(asked, "code"),
        device=_word(asked, "device"),
        since=None if span is None else clock.now() - span,
        standing=Standing(standing) if standing in set(Standing) else None,
    )
    found = frames_for(user, wanted, before=None if request.method == "POST" else _number(asked, "before"))
    groups = groups_for(user)
    chosen = {"protocol": wanted.protocol, "code": wanted.code, "device": wanted.device, "standing": standing}
    bulk = allows(user, May.RELEASE_FRAMES) and wanted.protocol and wanted.code and standing == Standing.WAITING
    values = {
        "frames": [_facts(frame) for frame in found.frames],
        "before": found.before,
        "first": _number(asked, "before") is None,
        "query": _query(chosen, period),
        "groups": [
            {
                "protocol": group.protocol, "code": group.code, "word": sentences.text(CODES, group.code),
                "waiting": group.waiting, "newest_at": group.newest_at,
            }
            for group in groups
        ],
        "strangers": strangers_for(user),
        "may_register": allows(user, May.MANAGE_DEVICES),
        "waiting": sum(group.waiting for group in groups),
        "chosen": {name: value or "" for name, value in chosen.items()} | {"period": period},
        "protocols": sorted({group.protocol for group in groups} | set(PROTOCOLS)),
        "codes": [(code, str(word)) for code, word in CODES.items()],
        "standings": [(code, str(word)) for code, word in STANDINGS.items()],
        "periods": [("all", _("any time")), ("day", _("last 24 hours")), ("week", _("last 7 days")),
                    ("month", _("last 30 days"))],
        "bulk_form": (form or ReasonForm(prefix=_RELEASE)) if bulk else None,
        "problems": problems(form) if form else [],
        "done": done,
    }  # fmt: skip
    return render(request, "console/quarantine/list.html", values, status=422 if form else 200)


def _render_page(
    request: HttpRequest,
    frame: Frame,
    *,
    found: Look | None = None,
    release_form: ReasonForm | None = None,
    dismiss_form: ReasonForm | None = None,
) -> HttpResponse:
    user = person_of(request)
    bound = [form for form in (release_form, dismiss_form) if form is not None]
    may_decide = allows(user, May.RELEASE_FRAMES) and frame.standing is Standing.WAITING
    values = {
        "frame": _facts(frame),
        "decided_by": _decider(frame),
        "look": None if found is None else _look(found, registers=allows(user, May.MANAGE_DEVICES)),
        "may_look": allows(user, May.SEE_PROTECTED_PLACE),
        "may_decide": may_decide,
        "release_form": release_form or ReasonForm(prefix=_RELEASE),
        "dismiss_form": dismiss_form or ReasonForm(prefix=_DISMISS),
        "problems": [problem for form in bound for problem in problems(form)],
    }
    return render(request, "console/quarantine/page.html", values, status=422 if bound else 200)


def _facts(frame: Frame) -> dict[str, Any]:
    return {
        "id": frame.id, "received_at": frame.received_at, "protocol": frame.protocol, "device": frame.device,
        "code": frame.code, "word": sentences.text(CODES, frame.code), "detail": frame.detail, "size": frame.size,
        "standing": frame.standing.value, "standing_word": sentences.text(STANDINGS, frame.standing.value),
        "decided_at": frame.decided_at, "reason": frame.reason, "stream": frame.stream, "seq": frame.seq,
    }  # fmt: skip


def _look(found: Look, *, registers: bool) -> dict[str, Any]:
    reading = found.reading
    unknown = reading.obstacle is not None and reading.obstacle.value == "unknown_device"
    return {
        "rows": dump(found.raw),
        "cut": len(found.raw) > SHOWN_BYTES_MAX,
        "code": reading.code,
        "word": sentences.text(CODES, reading.code) if reading.code else "",
        "detail": reading.detail,
        "device": reading.device,
        "messages": [json.dumps(message, ensure_ascii=False, indent=1, sort_keys=True) for message in reading.messages],
        "obstacle": sentences.text(OBSTACLES, reading.obstacle.value) if reading.obstacle else "",
        "register": registers and unknown and bool(reading.device),
    }


def _decider(frame: Frame) -> str:
    return shown_name(User.objects.filter(pk=frame.decided_by).first()) if frame.decided_by else ""


def _query(chosen: Mapping[str, str | None], period: str) -> str:
    kept = QueryDict(mutable=True)
    kept.update({name: value for name, value in chosen.items() if value} | {"period": period})
    return f"{kept.urlencode()}&"


def _word(given: QueryDict, name: str) -> str | None:
    return given.get(name, "").strip()[:WORD_MAX].replace("\0", "") or None


def _number(given: QueryDict, name: str) -> int | None:
    text = given.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX else None
