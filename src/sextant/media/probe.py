"""MediaInfo in a process of its own: prints a file's tracks as JSON.

A library in C++ reads what strangers wrote. Here it may crash, eat memory or run for ever, and nothing else
does. Run as a script, so that nothing of Sextant is imported: `python -I probe.py FILE`.
"""

from __future__ import annotations

import json
import resource
import sys

from pymediainfo import MediaInfo

MEMORY = 1 << 30
CPU_S = 20


def limited(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main(path: str) -> None:
    limited(resource.RLIMIT_AS, MEMORY)
    limited(resource.RLIMIT_CPU, CPU_S)
    limited(resource.RLIMIT_CORE, 0)
    tracks = MediaInfo.parse(path).tracks
    json.dump([track.to_data() for track in tracks], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
