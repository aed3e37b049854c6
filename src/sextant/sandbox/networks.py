"""All six simulated networks."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from sextant.sandbox.network import Network

NAMES = ("x", "linkedin", "instagram", "facebook", "tiktok", "youtube")


def networks() -> Sequence[Network]:
    """One of each; every `sextant.sandbox.<name>` module offers `NETWORK`."""
    return [import_module(f"sextant.sandbox.{name}").NETWORK for name in NAMES]
