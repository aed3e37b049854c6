"""The contract test that every platform inherits: what any network may do to us, and what must come of it.

A subclass gives data only (scene.py). Faults are ordered from the simulated network, or made on the way by a
Relay; no token and no secret may show in any log, exception or repr while they happen.
"""

from __future__ import annotations

from tests.platforms.contract_anything import AnythingContract
from tests.platforms.contract_publishing import PublishingContract
from tests.platforms.contract_reading import ReadingContract


class PlatformContract(ReadingContract, PublishingContract, AnythingContract):
    """Inherited as `class TestX(PlatformContract)` by each network's test, once for each of its logins."""
