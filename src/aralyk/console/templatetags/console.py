"""Template tags of the desk: icons, priority signs, built files, times and ages."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.console import icons, sentences
from aralyk.console.assets import assets

register = template.Library()

# The shape says the priority as well as the colour and the number do.
_SHAPES: Final = {
    1: '<path class="shape" d="M7.2 2h9.6L22 7.2v9.6L16.8 22H7.2L2 16.8V7.2z"/>',
    2: '<path class="shape" d="M12 2.5 22.5 21.5h-21z"/>',
    3: '<circle class="shape" cx="12" cy="12" r="9.6"/>',
    4: '<rect class="shape" x="3" y="3" width="18" height="18" rx="1"/>',
}
_NUMBER_Y: Final = {1: 16.3, 2: 18.6, 3: 16.3, 4: 16.3}
_PARTY_SHAPES: Final = {
    "respondent": '<path class="party-shape-respondent" d="M8 1.5 14.5 8 8 14.5 1.5 8z" stroke-width="1.6"/>',
    "protected": '<circle class="party-shape-protected" cx="8" cy="8" r="5.6" stroke-width="1.6"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of Lucide, for the eye only."""
    return icons.icon(name)


@register.simple_tag
def priority_sign(priority: int, answered: bool = False) -> SafeString:
    """Shape, number and word of a priority; filled while nobody has said "mine", outlined after."""
    return format_html(
        '<span class="sign" data-priority="{}"{}><svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}'
        '<text x="12" y="{}">{}</text></svg><span>{}</span></span>',
        priority,
        mark_safe(" data-answered" if answered else ""),
        mark_safe(_SHAPES[priority]),
        _NUMBER_Y[priority],
        priority,
        sentences.priority_word(priority),
    )


@register.simple_tag
def party_shape(party: str) -> SafeString:
    """The map's shape of a party: a diamond or a disc."""
    return format_html(
        '<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>', mark_safe(_PARTY_SHAPES[party])
    )


@register.simple_tag
def asset_script() -> str:
    """URL of the built script."""
    return static(assets().script)


@register.simple_tag
def asset_styles() -> SafeString:
    """Links to the built styles."""
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(path),) for path in assets().styles))


@register.simple_tag
def age(at: datetime | None) -> SafeString | str:
    """How long ago, ticking in the page; without scripts the moment itself."""
    if at is None:
        return ""
    return format_html('<time datetime="{}" data-age>{}</time>', clock.iso(at), moment_text(at))


@register.simple_tag
def due(at: datetime) -> SafeString:
    """How long until then, or since, ticking in the page; the words for both, of which the style shows one."""
    left = format_html(
        '<time datetime="{}" data-due>{}</time>',
        clock.iso(at),
        sentences.duration(abs((at - clock.now()).total_seconds())),
    )
    return format_html(
        '<span class="due-words-late">{}</span><span class="due-words-ahead">{}</span> {}',
        _("overdue for"),
        _("still"),
        left,
    )


@register.simple_tag
def moment(at: datetime | None) -> SafeString | str:
    """The moment where the centre stands: the time, with the date unless it is today's."""
    if at is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', clock.iso(at), moment_text(at))


@register.simple_tag
def stamp(at: datetime | None) -> SafeString | str:
    """The moment with its date, always: for what stands on paper."""
    if at is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', clock.iso(at), _dated(timezone.localtime(at)))


@register.simple_tag
def day(at: datetime) -> SafeString:
    """The day where the centre stands."""
    return format_html('<time datetime="{}">{}</time>', clock.iso(at), timezone.localtime(at).strftime("%d.%m.%Y"))


@register.filter
def unlocalized(value: float) -> str:
    """A number for a drawing: with a point in every language."""
    return f"{value:.1f}"


@register.filter
def duration(seconds: float) -> str:
    """A span that does not tick."""
    return sentences.duration(seconds)


def moment_text(at: datetime) -> str:
    """ "22:41:07", or "20.11.2026 22:41:07" on another day."""
    local = timezone.localtime(at)
    same_day = local.date() == timezone.localtime(clock.now()).date()
    return local.strftime("%H:%M:%S") if same_day else _dated(local)


def _dated(local: datetime) -> str:
    return local.strftime("%d.%m.%Y %H:%M:%S")
