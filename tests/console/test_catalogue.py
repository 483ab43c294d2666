"""Every text has its Russian and Kyrgyz, none uses a forbidden word, and .mo files say what .po files say."""

from __future__ import annotations

import ast
import gettext
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aralyk.console.catalogue import LOCALE, CatalogueBroken, Message, compiled, read

PLACEHOLDER = re.compile(r"%\(\w+\)0?\d*[sd]|%%|\{\w+\}")
BANNED = {
    "ru": (
        "агрессор",
        "дебошир",
        "нарушитель",
        "поднадзорн",
        "жертв",
        "защищаемое лицо",
        "семейный конфликт",
        "надзор",
    ),
    "ky": ("курмандык", "үй-бүлөлүк чыр", "көзөмөл борбору", "көзөмөл"),
}


def catalogue(language: str) -> list[Message]:
    return [found for found in read(LOCALE / language / "LC_MESSAGES" / "django.po") if found.single]


@pytest.mark.parametrize("language", ["ru", "ky"])
def test_nothing_is_left_untranslated(language: str) -> None:
    assert [found.key for found in catalogue(language) if not found.complete] == []


@pytest.mark.parametrize("language", ["ru", "ky"])
def test_a_translation_keeps_every_placeholder(language: str) -> None:
    for found in catalogue(language):
        wanted, kept = sorted(PLACEHOLDER.findall(found.single)), sorted(PLACEHOLDER.findall(found.value))
        assert wanted == kept, found.key


@pytest.mark.parametrize("language", ["ru", "ky"])
def test_no_text_uses_a_word_that_the_glossary_forbids(language: str) -> None:
    for found in catalogue(language):
        for word in BANNED[language]:
            assert word not in found.value.lower(), found.value


def test_every_text_in_the_code_is_in_the_catalogues() -> None:
    source = LOCALE.parent
    texts: set[tuple[str | None, str]] = set()
    for path in source.rglob("*.html"):
        if "templates" in path.parts:
            texts |= texts_of_template(path.read_text(encoding="utf-8"))
    for path in [*(source / "console").rglob("*.py"), *(source / "access").rglob("*.py")]:
        texts |= texts_of_module(path.read_text(encoding="utf-8"))
    assert len(texts) > 500
    for language in ("ru", "ky"):
        known = {(found.context, found.single) for found in catalogue(language)}
        assert texts - known == set(), language


def texts_of_template(content: str) -> set[tuple[str | None, str]]:
    """What translate, blocktranslate and _("") say in a template, each with its context."""
    found: set[tuple[str | None, str]] = set()
    for quote in ('"', "'"):
        said = rf"\{{% translate {quote}([^{quote}]+){quote}(?: context ['\"](\w+)['\"])? %\}}"
        found |= {(context or None, text) for text, context in re.findall(said, content)}
    found |= {(None, text) for text in re.findall(r"_\(\"([^\"]+)\"\)", content)}
    blocks = re.findall(r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", content, re.DOTALL)
    return found | {(None, re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block.replace("%", "%%"))) for block in blocks}


def texts_of_module(content: str) -> set[tuple[str | None, str]]:
    """What gettext and its lazy and contextual kin are called with."""
    found: set[tuple[str | None, str]] = set()
    for node in ast.walk(ast.parse(content)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        given = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if node.func.id in {"_", "gettext", "gettext_lazy"} and given:
            found.add((None, given[0]))
        elif node.func.id in {"pgettext", "pgettext_lazy"} and len(given) == 2:
            found.add((given[0], given[1]))
    return found


def test_compiled_catalogues_are_read_by_pythons_gettext_as_they_were_written() -> None:
    messages = catalogue("ky")
    translations = gettext.GNUTranslations(io.BytesIO(compiled(read(LOCALE / "ky" / "LC_MESSAGES" / "django.po"))))
    for found in messages:
        if found.context is None:
            assert translations.gettext(found.single) == found.value
        else:
            assert translations.pgettext(found.context, found.single) == found.value


def test_fuzzy_and_empty_translations_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "one.po"
    entries = (
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"',
        'msgid "a"\nmsgstr "А"',
        '#, fuzzy\nmsgid "b"\nmsgstr "Б"',
        'msgid "c"\nmsgstr ""',
        '#~ msgid "old"',
    )
    path.write_text("\n\n".join(entries), encoding="utf-8")
    translations = gettext.GNUTranslations(io.BytesIO(compiled(read(path))))
    assert [translations.gettext(text) for text in "abc"] == ["А", "b", "c"]


@pytest.mark.parametrize("line", ["msgid a", 'msgid "a" b', "nonsense", 'msgid "a\\'])
def test_a_broken_catalogue_names_file_and_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "broken.po"
    path.write_text(f'msgid "fine"\nmsgstr "fine"\n\n{line}\n')
    with pytest.raises(CatalogueBroken, match=r"broken\.po, line 4"):
        read(path)


def test_the_build_step_writes_what_django_reads() -> None:
    subprocess.run([sys.executable, "-m", "aralyk.console.catalogue"], check=True, cwd=LOCALE.parent.parent)
    for language in ("ru", "ky", "en"):
        assert (LOCALE / language / "LC_MESSAGES" / "django.mo").stat().st_size > 0
