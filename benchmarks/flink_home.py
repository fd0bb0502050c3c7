"""Sets up a real Apache Flink in a folder of its own: pinned versions, checked by their SHA-256, fetched once.

The cluster's jars are in a Python package that carries them (``apache-flink-libraries``; ``apache-flink`` itself, the
API for Python with its many pins, is not needed); the SQL gateway and Kafka's connector are Maven artifacts. Both are
fetched by their ordinary clients, pip and mvn, as these are set up here. Nothing of ours goes onto the cluster.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FLINK", "FlinkHome", "NoFlinkError", "default_folder", "found", "set_up"]

FLINK = "2.3.0"
WHEEL = (
    f"apache-flink-libraries=={FLINK} --hash=sha256:38ece876553286b3a285cf344c2d2038f8a7ca10da5df54d5107250386d64151"
)
JARS = {
    f"org.apache.flink:flink-sql-gateway:{FLINK}": "aad296a152dc367ddd70727f5a57dd61958cff3d8dceb1f947bf8d9705c8d724",
    "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2": "5605c691d11a501382c383fecba37a7a552467da5ab7ba904ef5d6f3d62c5616",
}
FETCHING_S = 900.0  # 340 MB over a slow line


class NoFlinkError(Exception):
    """There is no Flink here, and why."""


@dataclass(frozen=True)
class FlinkHome:
    """A Flink that is set up: the jars of its class path."""

    folder: Path
    java: str
    jars: tuple[Path, ...]

    @property
    def class_path(self) -> str:
        return os.pathsep.join(map(str, self.jars))


def default_folder() -> Path:
    """Where Flink is set up: ``CLIMB_FLINK``, else a folder in the cache of ``CLIMB_HOME``."""
    named = os.environ.get("CLIMB_FLINK")
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb")
    return Path(named) if named else home / "cache" / "flink" / FLINK


def found(folder: Path) -> FlinkHome:
    """Return the Flink of a folder; raise NoFlinkError if there is none, or no Java."""
    if not (folder / "ready").exists():
        raise NoFlinkError(f"no Flink {FLINK} in {folder}; set it up with: python benchmarks/flink_cluster.py --set-up")
    java = shutil.which("java")
    if java is None:
        raise NoFlinkError("Flink needs Java 17 or later, and there is no java in PATH")
    return FlinkHome(
        folder,
        java,
        (*sorted(folder.glob("env/lib/python*/site-packages/pyflink/lib/*.jar")), *sorted(folder.glob("jars/*.jar"))),
    )


def set_up(folder: Path) -> FlinkHome:
    """Fetch what is missing, check it, and return it; raise NoFlinkError if something can't be had."""
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _cluster(folder)
        _jars(folder / "jars")
        (folder / "ready").touch()
    return found(folder)


def _cluster(folder: Path) -> None:
    environment = folder / "env"
    venv.create(environment, with_pip=True, clear=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(WHEEL + "\n", encoding="ascii")
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--no-compile", "--no-cache-dir", "--require-hashes", "--requirement", str(wanted)])


def _jars(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for artifact, expected in JARS.items():
        _, name, version = artifact.split(":")
        jar = folder / f"{name}-{version}.jar"
        _run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"])
        got = hashlib.sha256(jar.read_bytes()).hexdigest()
        if got != expected:
            jar.unlink()
            raise NoFlinkError(f"{jar.name}: expected SHA-256 {expected}, got {got}")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCHING_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoFlinkError(f"{command[0]}: {error}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["it said nothing"]
        raise NoFlinkError(f"{Path(command[0]).name} ended with exit code {done.returncode}: {last[0]}")
