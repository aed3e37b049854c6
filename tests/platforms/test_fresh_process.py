"""What only shows in a process that has imported nothing else before."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import msgspec
from sextant.platforms import PLATFORMS
from sextant.platforms.base import Account, Draft
from sextant.platforms.catalogue import Kind

for name, platform in PLATFORMS.items():
    options = msgspec.json.decode(b"{}", type=platform.options)
    msgspec.json.schema(platform.options)
    draft = Draft("d", "hello", (), Kind.TEXT, options)
    platform.check(draft, Account("1", "Acme", "user"), frozenset())
    print(name)
"""


def test_every_platform_checks_a_draft_and_reads_its_options() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == 6
