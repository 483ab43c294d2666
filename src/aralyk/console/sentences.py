"""What the desk says about an incident, made here from the engine's codes, in the language that is active.

The engine knows codes and figures, the database keeps them, and only this module makes sentences of them. Rules that
every sentence keeps: a signal is a signal, never a violation; a probability is "that the distance was below D, given
this error model"; what is not known is said to be unknown. A code that this table does not know is shown as the code
itself: an operator must not miss a new kind of signal because a text is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

Texts = Mapping[str, Promise]

KINDS: Final[Texts] = MappingProxyType(
    {
        "proximity": gettext_lazy("Possible approach below the ordered distance"),
        "warning_ring": gettext_lazy("Entry into the warning ring"),
        "approach": gettext_lazy("Fast approach"),
        "exclusion_zone": gettext_lazy("Possible entry into a closed area"),
        "inclusion_zone": gettext_lazy("Possible exit from the permitted area"),
        "curfew": gettext_lazy("Possible absence at the set hours"),
        "tamper": gettext_lazy("Possible tampering with the device"),
        "separation": gettext_lazy("Bracelet and phone have parted"),
        "silence": gettext_lazy("No contact with the device"),
        "panic": gettext_lazy("Call for help (panic button)"),
        "battery": gettext_lazy("Device battery is low"),
        "jamming": gettext_lazy("Signs of signal jamming"),
        "spoofing": gettext_lazy("Signs of a falsified place"),
        "check_in": gettext_lazy("Missed check-in"),
        "handover": gettext_lazy("Hand-over of a child: not as ordered"),
        "pursuit_mode": gettext_lazy("Request for a fix every 15 s"),
        "better_fix": gettext_lazy("Request for a better fix"),
    }
)
ABOUT_DISTANCE: Final = frozenset({"proximity", "warning_ring", "approach"})
# Silence has two faces: nothing is heard, or something is heard but without a usable place.
SILENT_PLACE: Final = frozenset(
    {"position_stale", "position_unknown", "partner_position_stale", "position_vague_request_better_fix"}
)
# No contact, and the reachable set meets the other party's.
APPROACH_POSSIBLE: Final = frozenset({"possible_since", "no_better_fix"})
SELF_REPORTED_CLEAR: Final = "self_reported_clear"

PRIORITIES: Final[Mapping[int, Promise]] = MappingProxyType(
    {
        1: pgettext_lazy("priority", "Critical"),
        2: pgettext_lazy("priority", "Serious"),
        3: pgettext_lazy("priority", "Technical"),
        4: pgettext_lazy("priority", "Administrative"),
    }
)

STATUSES: Final[Texts] = MappingProxyType(
    {
        "open": pgettext_lazy("signal", "not acknowledged"),
        "acknowledged": pgettext_lazy("signal", "acknowledged"),
        "triaged": pgettext_lazy("signal", "assessed"),
        "handed_over": pgettext_lazy("signal", "handed over to the police"),
        "accepted": pgettext_lazy("signal", "accepted by an officer"),
        "on_the_way": pgettext_lazy("signal", "officer on the way"),
        "arrived": pgettext_lazy("signal", "officer at the place"),
        "concluded": pgettext_lazy("signal", "concluded, not closed"),
        "closed": pgettext_lazy("signal", "closed"),
    }
)

OUTCOMES: Final[Texts] = MappingProxyType(
    {
        "possible_violation": gettext_lazy("Possible violation: passed on"),
        "no_pursuit": gettext_lazy("No sign of pursuit (the operator's opinion)"),
        "technical": gettext_lazy("Technical cause"),
        "false": gettext_lazy("False signal"),
        "practice": gettext_lazy("Practice or rehearsal"),
    }
)

EVENTS: Final[Texts] = MappingProxyType(
    {
        "occurred": gettext_lazy("Occurred"),
        "received": gettext_lazy("Place received by the server"),
        "decided": gettext_lazy("Decided by the engine"),
        "raised": gettext_lazy("Signal raised"),
        "updated": gettext_lazy("Signal updated"),
        "reopened": gettext_lazy("Opened again"),
        "episode_ended": gettext_lazy("The engine no longer sees the situation"),
        "requested": gettext_lazy("Asked of a device"),
        "late": gettext_lazy("Late data added"),
        "shown": gettext_lazy("Shown on an operator's screen"),
        "acknowledged": gettext_lazy("Acknowledged"),
        "noted": gettext_lazy("Note"),
        "step_done": gettext_lazy("Step of the playbook"),
        "triaged": gettext_lazy("Assessed: what must happen next"),
        "handed_over": gettext_lazy("Handed over to the police"),
        "accepted": gettext_lazy("Accepted by an officer"),
        "on_the_way": gettext_lazy("Officer on the way"),
        "arrived": gettext_lazy("Officer arrived"),
        "given_back": gettext_lazy("Given back to the centre"),
        "taken_over": gettext_lazy("Taken over by another person"),
        "concluded": gettext_lazy("Concluded"),
        "escalated": gettext_lazy("Nobody answered in time: others were told"),
        "escalation_answered": gettext_lazy("Somebody who was told has answered"),
        "closed": gettext_lazy("Closed"),
    }
)

REASONS: Final[Texts] = MappingProxyType(
    {
        "probable_inside": gettext_lazy("The places, with their accuracy, make it probable."),
        "possible_inside_request_better_fix": gettext_lazy(
            "Possible, but the places are too coarse to say more: a better fix is needed."
        ),
        "coarse_fix_request_better_fix": gettext_lazy(
            "Rests on a coarse place (cell or Wi-Fi): a better fix is needed."
        ),
        "suspect_jump_request_better_fix": gettext_lazy(
            "The place jumped in a way that is hardly possible: a better fix is needed."
        ),
        "crossed_between_fixes": gettext_lazy("The way between two fixes leads through."),
        "inside_warning_ring": gettext_lazy("Inside the warning ring, still outside the ordered distance."),
        "outside_zone": gettext_lazy("The place lies outside the permitted area."),
        "became_active": gettext_lazy("The condition came into force while the person was already there."),
        "approaching": gettext_lazy("At this speed the person may be within the ordered distance shortly."),
        "passing_through": gettext_lazy("The person is driving through quickly, and the places do not show a stop."),
        "no_better_fix": gettext_lazy("It stays possible, and no better fix has come for two minutes."),
        "self_reported_clear": gettext_lazy(
            "Only the monitored person's own phone, which proves nothing, says that it is over."
        ),
        "requested": gettext_lazy("The engine asks for it. Not every device can be asked."),
        "request_met": gettext_lazy("A better fix came."),
        "request_expired": gettext_lazy("The request has ended: its time is over."),
        "clear_evidence": gettext_lazy("Several places in a row show that it is over."),
        "order_ended": gettext_lazy("The order has ended."),
        "schedule_ended": gettext_lazy("The hours of the condition have ended."),
        "order_changed": gettext_lazy("The order was varied."),
        "no_contact": gettext_lazy("The device was not heard for three of its intervals."),
        "position_stale": gettext_lazy("The device is heard, but its last usable place is old."),
        "position_vague_request_better_fix": gettext_lazy(
            "The place is too coarse to tell the distance: a better fix is needed."
        ),
        "position_unknown": gettext_lazy("The device is heard, but has never given a usable place."),
        "possible_since": gettext_lazy(
            "From the last known place and the time since, the person may by now be within the "
            "distance. Unknown is not safe."
        ),
        "partner_position_stale": gettext_lazy("The other party's place is old: the distance cannot be told."),
        "contact_restored": gettext_lazy("The device is heard again."),
        "strap_open": gettext_lazy("The strap reports open."),
        "tamper_alarm": gettext_lazy("The device reports tampering."),
        "strap_locked_again": gettext_lazy(
            "The strap reports locked again; the signal stays until a person closes it."
        ),
        "cleared_by_staff": gettext_lazy("Cleared by staff after a check."),
        "sos_pressed": gettext_lazy("The call button was pressed."),
        "battery_low": gettext_lazy("The device reports a low battery."),
        "battery_well": gettext_lazy("The battery is charged again."),
        "jamming_reported": gettext_lazy("The device reports jamming."),
        "mock_location": gettext_lazy("The phone reports a mock location."),
        "clock_disagreement": gettext_lazy("The device's clock and the server's disagree."),
        "hint_ended": gettext_lazy("The sign is no longer reported."),
        "device_removed": gettext_lazy("The device no longer belongs to the order."),
        "check_in_missed": gettext_lazy("No check-in was passed in its time."),
        "check_in_failed": gettext_lazy("The check-in failed: it is not certain who carries the device."),
        "check_in_passed": gettext_lazy("A later check-in was passed."),
        "check_in_late": gettext_lazy("The check-in was passed in time; its record came late."),
        "devices_apart": gettext_lazy("Bracelet and phone do not hear each other."),
        "devices_together": gettext_lazy("Bracelet and phone hear each other again."),
        "ble_contradicts_place": gettext_lazy("Devices hear each other, but their places lie too far apart for that."),
        "places_contradict": gettext_lazy("The places of one person's devices contradict each other."),
        "impossible_jumps": gettext_lazy("The place jumped more than once in a way that is hardly possible."),
        "time_contradicts_place": gettext_lazy("The times of the places contradict each other."),
        "position_frozen": gettext_lazy(
            "The place stands still to the centimetre while the device says that it moves."
        ),
        "lost_while_moving": gettext_lazy(
            "All contact was lost while the device was moving. A lack of coverage is possible."
        ),
        "powered_off": gettext_lazy("The device was switched off."),
        "battery_died": gettext_lazy("The device was last heard with an almost empty battery."),
        "repeated_provocation": gettext_lazy("The third such sign from this device within a day, or a later one."),
        "handover_early_at_place": gettext_lazy(
            "The person under monitoring is at the place of the hand-over long before it begins."
        ),
        "handover_towards_protected_person": gettext_lazy(
            "In the time of the hand-over both are near each other, away from the agreed place."
        ),
        "handover_follows_afterwards": gettext_lazy(
            "After the hand-over the person under monitoring stays near the protected person."
        ),
        "handover_device_silent": gettext_lazy("A device is silent in the time of the hand-over."),
        "handover_child_not_back": gettext_lazy("The child is not back a quarter of an hour after the agreed time."),
        "handover_child_return_unconfirmed": gettext_lazy(
            "The child carries no device: somebody must ask whether it is back."
        ),
        "handover_window": gettext_lazy("The next hand-over has begun."),
        "heard_near": gettext_lazy("The devices of both sides hear each other: they are close together."),
    }
)  # fmt: skip

SOURCES: Final[Texts] = MappingProxyType(
    {
        "gnss": gettext_lazy("satellites"),
        "network": gettext_lazy("cell or Wi-Fi"),
        "fused": gettext_lazy("fused"),
        "unknown": gettext_lazy("unknown"),
    }
)

PARTIES: Final[Texts] = MappingProxyType(
    {"respondent": gettext_lazy("Person under monitoring"), "protected": gettext_lazy("Protected person")}
)
ZONES: Final[Texts] = MappingProxyType(
    {
        "exclusion_zone": gettext_lazy("closed area"),
        "inclusion_zone": gettext_lazy("permitted area"),
        "curfew": gettext_lazy("area for set hours"),
    }
)
WHO_APPROACHED: Final[Texts] = MappingProxyType(
    {
        "respondent": gettext_lazy("The person under monitoring approached."),
        "protected": gettext_lazy(
            "The protected person moved towards the other; this never counts against her or him."
        ),
        "both": gettext_lazy("Both moved towards each other."),
        "unknown": gettext_lazy("Who approached whom is not known."),
    }
)
THREATS: Final[Texts] = MappingProxyType(
    {
        "high": pgettext_lazy("threat", "high"),
        "medium": pgettext_lazy("threat", "medium"),
        "low": pgettext_lazy("threat", "low"),
    }
)
DEVICE_KINDS: Final[Texts] = MappingProxyType({"bracelet": gettext_lazy("bracelet"), "phone": gettext_lazy("phone")})
TRUST: Final[Texts] = MappingProxyType(
    {
        "self_reported": gettext_lazy("self-reported: may raise a signal, proves nothing in anybody's favour"),
        "secret": gettext_lazy("secret in the phone's address; the phone itself is not attested"),
        "imei": gettext_lazy("named by its IMEI"),
        "network": gettext_lazy("named by its IMEI, from the network that it was registered with"),
        "attested": gettext_lazy("attested"),
    }
)
SUSPICIONS: Final[Texts] = MappingProxyType(
    {
        "clone": gettext_lazy("two senders take turns"),
        "replay": gettext_lazy("old records came again"),
        "sequence": gettext_lazy("its count of records stepped back"),
        "too_fast": gettext_lazy("records came faster than it can send them"),
        "wrong_network": gettext_lazy("records came from a foreign network"),
    }
)
KNOWN_BY: Final[Texts] = MappingProxyType(
    {
        "device": gettext_lazy("measured by a device"),
        "check_in": gettext_lazy("check-ins"),
        "report": gettext_lazy("reports"),
        "programme": gettext_lazy("attendance of the programme"),
        "none": gettext_lazy("nothing: nobody and nothing reports it"),
    }
)

# From above: the first bound that the probability reaches names it.
_LIKELIHOODS: Final[tuple[tuple[float, Promise], ...]] = (
    (0.99, gettext_lazy("practically certain")),
    (0.90, gettext_lazy("very likely")),
    (0.66, gettext_lazy("likely")),
    (0.33, gettext_lazy("about as likely as not")),
    (0.10, gettext_lazy("unlikely")),
    (0.0, gettext_lazy("very unlikely")),
)
METRES_IN_KM: Final = 1000


def text(texts: Texts, code: str) -> str:
    """The text of a code; a code without one is shown itself, so that nothing is hidden."""
    return str(texts[code]) if code in texts else code


def word_of_device(trust: str, signs: Sequence[str]) -> str:
    """How far a device's word goes, and why somebody else may be speaking in its name."""
    proof = text(TRUST, trust)
    if not signs:
        return proof
    doubts = ", ".join(text(SUSPICIONS, sign) for sign in signs)
    return _("%(proof)s; somebody else may speak in its name: %(doubts)s") % {"proof": proof, "doubts": doubts}


def kind_title(kind: str, reason: str) -> str:
    """What an incident is, in a few plain words."""
    if kind == "silence" and reason in SILENT_PLACE:
        return _("The place of the device is not known")
    if kind == "silence" and reason in APPROACH_POSSIBLE:
        return _("No contact, and an approach is possible")
    return text(KINDS, kind)


def priority_word(priority: int) -> str:
    """ "Critical" … "Administrative"."""
    return str(PRIORITIES[priority])


def metres(value: float) -> str:
    """ "640 m" or "2.4 km", as this language writes numbers."""
    if value < METRES_IN_KM:
        return _("%(value)s m") % {"value": round(value)}
    decimals = 1 if value < 10 * METRES_IN_KM else 0
    return _("%(value)s km") % {"value": _decimal(value / METRES_IN_KM, decimals)}


def metres_between(low: float, high: float) -> str:
    """ "510–790 m", or "0.9–1.4 km" once the upper end is a kilometre."""
    if high < METRES_IN_KM:
        return _("%(low)s–%(high)s m") % {"low": round(low), "high": round(high)}
    return _("%(low)s–%(high)s km") % {
        "low": _decimal(low / METRES_IN_KM, 1),
        "high": _decimal(high / METRES_IN_KM, 1),
    }


def percent(probability: float) -> str:
    """ "87 %"; never a rounded 100 % or 0 %: those would claim certainty."""
    if probability > 0.99:
        return _("> 99 %%") % ()
    if probability < 0.01:
        return _("< 1 %%") % ()
    return _("%(value)d %%") % {"value": round(probability * 100)}


def likelihood(probability: float) -> str:
    """The probability in words."""
    return next(str(words) for bound, words in _LIKELIHOODS if probability >= bound)


def how_sure(kind: str, probability: float | None, limit_m: float | None) -> str:
    """What the probability is a probability of; empty where the engine gives none."""
    if probability is None:
        return ""
    values = {"percent": percent(probability), "words": likelihood(probability)}
    if kind in ABOUT_DISTANCE and limit_m is not None:
        return _(
            "Probability that the distance was below %(limit)s, given this error model: %(percent)s (%(words)s)."
        ) % {
            **values,
            "limit": metres(limit_m),
        }
    if kind == "exclusion_zone":
        return (
            _("Probability that the place was inside the closed area, given this error model: %(percent)s (%(words)s).")
            % values
        )
    if kind in {"inclusion_zone", "curfew"}:
        return (
            _(
                "Probability that the place was outside the permitted area, given this error model: "
                "%(percent)s (%(words)s)."
            )
            % values
        )
    return _("Probability, given this error model: %(percent)s (%(words)s).") % values


def duration(seconds: float) -> str:
    """ "45 s", "4 min", "1 h 20 min" for a span that does not tick."""
    whole = int(seconds)
    if whole < 60:
        return _("%(s)d s") % {"s": whole}
    if whole < 3600:
        return _("%(min)d min") % {"min": whole // 60}
    if whole < 86400:
        return _("%(h)d h %(min)02d min") % {"h": whole // 3600, "min": whole % 3600 // 60}
    return _("%(d)d d %(h)d h") % {"d": whole // 86400, "h": whole % 86400 // 3600}


def decimal_mark() -> str:
    """Between whole and part in this language's numbers."""
    return pgettext("decimal mark", ".")


def _decimal(value: float, places: int) -> str:
    return f"{value:.{places}f}".replace(".", decimal_mark())
