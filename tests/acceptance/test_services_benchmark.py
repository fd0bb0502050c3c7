"""The benchmark of the services runs: servers of its own, our side, and an answer for programs."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_our_redirect_is_measured(tmp_path: Path) -> None:
    """Alone and quick, it tells a rate and a cost of following links for each round, and at half of that rate."""
    words = [sys.executable, str(ROOT / "benchmarks" / "services.py"), "--quick", "--rounds", "1", "--json"]
    ran = subprocess.run(
        [*words, "--works", "redirect", "--sides", "ours"],
        env={**os.environ, "CLIMB_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)["redirect"]
    for pace in ("as fast as it goes", "at half of that"):
        (turn,) = told[pace]["ours"]
        assert turn["answers_per_s"] > 0
        assert turn["cpu_us"] > 0
