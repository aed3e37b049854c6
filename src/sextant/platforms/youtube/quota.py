"""YouTube's quota: of the whole project, by day, and from midnight Pacific on (youtube.md §4)."""

from __future__ import annotations

from sextant.platforms.allowances import DAY_S, Allowance, Window, spending

DAY = Window(DAY_S, "America/Los_Angeles")
STATS = Allowance("stats_per_day", "app", DAY, 10_000)
UNITS = Allowance("units_per_day", "app", DAY, 10_000)
# No number is published of Analytics; the Cloud console shows the project's.
REPORTS = Allowance("reports_per_day", "app", DAY, None)
ALLOWANCES = (STATS, UNITS, REPORTS)

LOOK = spending(UNITS)
CHANGE = spending(UNITS, times=50)
"""Deleting a video, setting a thumbnail. Opening an upload has a bucket of its own."""
