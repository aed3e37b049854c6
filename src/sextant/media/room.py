"""Where media in transit lie: a directory for each process, which others remove once it is dead."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

LOCK = "lock"


class Room:
    """`directory` is shared by all processes of one data directory. A process shows by a lock that it lives:
    the operating system lets go of it however the process ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._own: Path | None = None

    def path(self) -> Path:
        """This process's own directory, made when first asked for, removed when it ends in order."""
        while self._own is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            own = Path(tempfile.mkdtemp(dir=self.directory))
            lock = os.open(own / LOCK, os.O_CREAT | os.O_WRONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            weakref.finalize(self, _left, own, lock)
            # Another process may have taken it for a dead one's before it was locked.
            self._own = own if (own / LOCK).exists() else None
        return self._own

    def clear_dead(self) -> None:
        """Removes what processes left behind when they were killed."""
        for lock in self.directory.glob(f"*/{LOCK}"):
            with suppress(FileNotFoundError):
                _clear(lock)


def _clear(path: Path) -> None:
    lock = os.open(path, os.O_WRONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path.parent, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(lock)


def _left(own: Path, lock: int) -> None:
    shutil.rmtree(own, ignore_errors=True)
    os.close(lock)
