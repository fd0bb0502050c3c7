"""A service does not outlive a judge that was killed."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from climb.judge.guardian import Guardian

SERVICES = Path(__file__).with_name("services")

JUDGE = """
import asyncio, pathlib, sys
from climb.judge.choices import Choices
from climb.judge.drivers.service import Service, healthy
from climb.judge.world import World

async def main():
    words = [sys.executable, "-B", "-S", sys.argv[1]]
    async with World(Choices("41c2")) as world, Service(words, pathlib.Path(sys.argv[2]), world) as service:
        await service.start({"TOKEN": sys.argv[3]}, ports=("PORT",), ready=healthy("PORT"))
        print(service.folder(), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_killed_judge_takes_its_service_along(tmp_path: Path, nothing_lives: Callable[[str], bool]) -> None:
    """The kernel closes the pipe, and that is enough to end it and to remove its folders."""
    words = [sys.executable, "-c", JUDGE, str(SERVICES / "healthy.py"), str(tmp_path), str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as judge:
        assert judge.stdout is not None
        folder = Path(judge.stdout.readline().decode().strip())
        assert folder.is_dir()
        judge.kill()
        judge.wait()

    assert nothing_lives(str(tmp_path))
    assert gone(folder)


def gone(folder: Path) -> bool:
    """Whether it is removed within five seconds."""
    end = time.monotonic() + 5
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not folder.exists()


def test_one_that_was_dismissed_does_nothing(tmp_path: Path) -> None:
    """And is gone itself."""
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) as sleeper:
        Guardian(sleeper.pid, tmp_path).dismiss()

        assert sleeper.poll() is None
        assert tmp_path.exists()
        sleeper.kill()
