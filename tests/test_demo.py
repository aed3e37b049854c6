"""The demo as a newcomer runs it: one command, the whole main job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

from sextant.metrics import KEYS

COMMAND = [sys.executable, "-c", "from sextant.cli import app; app()", "demo"]
STEPS = [
    "simulated networks answer",
    "Connected",
    "Publishing",
    "posted",
    "hours pass",
    "Read",
    "API key: mk_",
]


def test_json_is_the_body_alone_and_the_steps_go_elsewhere() -> None:
    run = subprocess.run([*COMMAND, "--once", "--json"], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert list(answer) == ["post_id", "platform", "social_connection_id", "analytics", "stats"]
    entries = answer["analytics"]["platforms"]
    assert answer["analytics"]["status"] == "success"
    assert len(entries) == 7
    assert len({entry["platform"] for entry in entries}) == 6
    for entry in entries:
        assert list(entry["metrics"]) == list(KEYS)
        assert any(entry["metrics"].values()), entry
    places = [run.stderr.index(step) for step in STEPS]
    assert places == sorted(places)
    assert "– unsupported" in run.stderr


def test_it_serves_until_it_is_told_to_stop() -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True, env=environment)
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("switches of"):
            break
    assert demo.poll() is None
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=120)
    assert demo.returncode == 0
