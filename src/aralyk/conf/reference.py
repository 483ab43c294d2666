"""Writes docs/reference/settings.md from the settings themselves: `python -m aralyk.conf.reference`."""

from __future__ import annotations

from aralyk.conf.loading import Setting
from aralyk.conf.settings import documented_settings
from aralyk.database import Role

_OPENING = """# Settings

Made from the code by `python -m aralyk.conf.reference`; a test compares them.

Every setting is an environment variable, read once at the start. An unknown `ARALYK_…` variable or a value of the wrong
form stops the start and is named. An empty variable counts as not set. Without any, an installation listens on this
machine only and takes nothing for granted.

## Database

| variable | form | default | what it does |
|---|---|---|---|
| `DATABASE_URL` | libpq URL or conninfo | the embedded server of `ARALYK_HOME` | PostgreSQL 15 or newer, as the owner \
of the schema. The other roles log in as `aralyk_<role>` at the same place; if the URL holds a password, theirs are \
made by `aralyk migrate` and kept in `<home>/keys/database-roles.json`. |
"""


def reference_page() -> str:
    """The whole page, as Markdown."""
    roles = [
        f"| `{role.variable}` | libpq URL or conninfo | from `DATABASE_URL` | Connection of the role `{role.login}`, "
        "made and granted by your administrator. |"
        for role in Role
    ]
    sections = [_section(name, settings) for name, settings in documented_settings().items()]
    return _OPENING + "\n".join(roles) + "\n" + "".join(sections)


def _section(name: str, settings: tuple[Setting, ...]) -> str:
    title = "All processes" if name == "platform" else name.capitalize()
    rows = [
        f"| `{setting.variable}` | {setting.form} | {_default(setting)} | {_cell(setting.documentation)} |"
        for setting in settings
    ]
    return "\n".join(
        [f"\n## {title}\n", "| variable | form | default | what it does |", "|---|---|---|---|", *rows, ""]
    )


def _default(setting: Setting) -> str:
    if setting.default is None:
        return "required"
    return f"`{setting.default}`" if setting.default else "none"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(reference_page(), end="")
