"""Writes the search key of every respondent who was registered before names had keys (the rules as of today)."""

import re
import unicodedata
from typing import Any

from django.db import migrations

CYRILLIC = str.maketrans(
    dict(zip("абвгғдеёжзийкқлмнңоөпрстуүұўфхҳһыіэә", "abvggdeejziikklmnnooprstuuuufhhhiiea", strict=True))
    | {"ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "iu", "я": "ia"}
)
LATIN = (
    ("shch", "sh"), ("dzh", "j"), ("zh", "j"), ("dj", "j"), ("kh", "h"), ("ng", "n"), ("ks", "x"), ("q", "k"),
    ("w", "v"), ("y", "i"), ("c'", "ch"), ("ck", "k"),
)  # fmt: skip


def key_of(name: str) -> str:
    text = name.casefold().translate(CYRILLIC)
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    for spelt, sound in LATIN:
        text = text.replace(spelt, sound)
    words = (re.sub(r"(.)\1+", r"\1", word).replace("ie", "e") for word in re.findall(r"[a-z0-9]+", text))
    return "".join(f" {word}" for word in words if word)[:300]


def write_keys(apps: Any, schema_editor: Any) -> None:
    respondents = apps.get_model("people", "Respondent").objects.using(schema_editor.connection.alias)
    for respondent in respondents.filter(name_key="").iterator(chunk_size=2000):
        respondents.filter(pk=respondent.pk).update(name_key=key_of(respondent.name))


class Migration(migrations.Migration):
    dependencies = [("people", "0002_channels_children_and_keys")]

    operations = [migrations.RunPython(write_keys, migrations.RunPython.noop)]
