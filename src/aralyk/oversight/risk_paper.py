"""The list of cases by risk as a paper, in one language: each district begins with its worst case."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce
from aralyk.oversight.risk_list import Case, LastPlace, RiskList
from aralyk.papers import documents
from aralyk.papers.documents import Block, Document
from aralyk.papers.typesetting import set_pdf

LANGUAGES: Final = ("ru", "ky")
_MINUTE_S: Final = 60
_HOUR_MIN: Final = 60


def pdf_of(found: RiskList, *, language: str) -> bytes:
    """The list as a PDF/A-2a file; equal lists give equal bytes."""
    return set_pdf(document_of(found, language=language), dated=found.made_at)


def document_of(found: RiskList, *, language: str) -> Document:
    """The list as a document."""
    with override(language):
        blocks: list[Block] = [
            documents.notice(
                _("For work without the platform. A place is as old as stands beside it: he may be elsewhere.")
            ),
            documents.facts(
                (_("Made"), _local(found.made_at, found)),
                (_("Cases in force"), str(len(found.cases))),
            ),
        ]
        for district in dict.fromkeys((one.jurisdiction, one.district) for one in found.cases):
            cases = [one for one in found.cases if (one.jurisdiction, one.district) == district]
            blocks.append(documents.heading(_district(*district, at=found.made_at, language=language)))
            blocks.append(documents.text(_("Desk of the duty unit: %(phone)s") % {"phone": _phone(cases[0])}))
            blocks.append(documents.items(*(_row(one, found) for one in cases)))
        return Document(
            language=language, over=_("Monitoring of protection orders"), title=_("Cases by risk"),
            copy=_("For police. Never to be given to the people named in an order."), blocks=tuple(blocks),
            warning=_("Draft: these texts await review.") if language == "ky" else "",
        )  # fmt: skip


def threat_word(threat: str) -> str:
    """The threat in the active language."""
    words = {
        "high": pgettext("threat", "high"),
        "medium": pgettext("threat", "medium"),
        "low": pgettext("threat", "low"),
    }
    return words[threat]


def _row(one: Case, found: RiskList) -> tuple[str, ...]:
    signal = (
        "" if one.priority is None else " · " + _("signal waits, priority %(priority)d") % {"priority": one.priority}
    )
    return (
        f"{one.number} · {_('threat')}: {threat_word(one.threat)}{signal}",
        _("Her code: %(codes)s") % {"codes": ", ".join(one.codes) or "—"},
        _place(one.place, found),
    )


def _place(place: LastPlace | None, found: RiskList) -> str:
    if place is None:
        return _("His last place: not known")
    minutes = max(0, int((found.made_at - place.fixed_at).total_seconds())) // _MINUTE_S
    said = {
        "place": f"{place.lat:.5f}, {place.lon:.5f}", "at": _local(place.fixed_at, found),
        "hours": minutes // _HOUR_MIN, "minutes": minutes % _HOUR_MIN,
    }  # fmt: skip
    sentence = _("His last place: %(place)s, taken %(at)s, %(hours)d h %(minutes)d min before this list") % said
    if place.accuracy_m is not None:
        sentence += ", " + _("± %(metres)d m as declared") % {"metres": round(place.accuracy_m)}
    if place.trust == "self_reported":
        sentence += "; " + _("the phone's own word, not proven")
    return sentence


def _phone(one: Case) -> str:
    return one.desk_phone or _("not known here; call 102")


def _district(jurisdiction: str, code: str, *, at: datetime, language: str) -> str:
    law = pack(jurisdiction)
    try:
        return law.district(code, on=law.day_of(at)).name.in_language(language)
    except (NotInForce, KeyError):
        return code


def _local(at: datetime, found: RiskList) -> str:
    zone = pack(found.cases[0].jurisdiction).country.timezone if found.cases else "UTC"
    return f"{at.astimezone(ZoneInfo(zone)):%d.%m.%Y %H:%M} ({zone})"
