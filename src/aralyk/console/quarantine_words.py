"""What a frame in quarantine is called by people: the reason, the obstacle to its release, what was decided.

A code that these tables do not know is shown as the code itself; the codec's own detail, which names a field and the
form that was expected, stands beside it in the words of the protocol's developers.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_lazy as _

from aralyk.console.sentences import Texts

CODES: Final[Texts] = MappingProxyType(
    {
        "not_text": _("Bytes outside the protocol's alphabet"),
        "not_json": _("Not JSON"),
        "unknown_frame": _("No frame of this protocol has this form"),
        "frame_too_long": _("The frame is longer than the protocol allows"),
        "frame_cut": _("The connection ended within the frame"),
        "too_many_fields": _("More fields than the protocol knows"),
        "missing_field": _("A field is missing"),
        "duplicate_field": _("A field stands there twice"),
        "bad_field": _("A field can't be read"),
        "bad_checksum": _("The checksum is wrong: the frame was damaged on its way"),
        "not_finite": _("A number is not a number"),
        "out_of_range": _("A value that no device can mean"),
        "not_opened": _("Encrypted, and no registered key opens it"),
        "codec_failed": _("The codec failed: our fault, and not the device's"),
        "unknown_device": _("The sender is not registered"),
        "inactive_device": _("The device was taken out of service"),
        "device_mismatch": _("The record names another device than its address belongs to"),
        "wrong_protocol": _("The device is registered for another protocol"),
        "wrong_network": _("The device spoke from another network than it is bound to"),
        "unnamed": _("Nobody was named before this frame"),
        "too_fast": _("The sender spoke faster than is allowed"),
    }
)
OBSTACLES: Final[Texts] = MappingProxyType(
    {
        "unreadable": _("Today's codec can't read it either."),
        "unknown_protocol": _("No codec of this protocol is installed any more."),
        "unknown_device": _("The device that it names is not registered."),
        "inactive_device": _("The device was taken out of service."),
        "wrong_protocol": _("The device is registered for another protocol."),
        "device_mismatch": _("It names another device than the one that sent it."),
        "unproven_sender": _("It came without the secret of the device: nobody can say who sent it."),
        "empty": _("It is a sign of life without a record: there is nothing to judge."),
    }
)
STANDINGS: Final[Texts] = MappingProxyType(
    {"waiting": _("waits for a decision"), "released": _("released"), "dismissed": _("dismissed")}
)
