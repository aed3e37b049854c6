"""A progress bar for people; where nobody watches (a log, a pipe), a line at the end."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    def __init__(self, out: Console) -> None:
        columns = (TextColumn("Reading posts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._out = out
        self._progress = Progress(*columns, console=out, disable=not out.is_terminal)
        self._task = self._progress.add_task("")

    def begin(self, due: int) -> None:
        self._progress.update(self._task, total=due)
        self._progress.start()

    def step(self, posts: int) -> None:
        """So many more are done; posts that filled room were not due, and are counted on both sides."""
        task = self._progress.tasks[self._task]
        total = max(task.total or 0, task.completed + posts)
        self._progress.update(self._task, advance=posts, total=total)

    def end(self, said: str) -> None:
        self._progress.stop()
        self._out.print(said, markup=False)
