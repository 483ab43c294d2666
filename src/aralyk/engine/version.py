"""The engine's version: part of every decision, chosen anew whenever a decision could come out differently."""

from typing import Final

ENGINE_VERSION: Final = "2.1.2"
