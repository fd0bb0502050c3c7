"""The services at work, each on one core, with a database and a number of the cache of its own; and the programs of the others.

What the others need is installed once into an environment of its own, in the same versions as ours where both have it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from http_sides.servers import NoServerError, nginx_program

__all__ = ["ADMIN", "SIDES", "TARGET", "Given", "NoServerError", "Served", "served"]

HERE = Path(__file__).parent
READY_S = 40.0
TARGET = "https://example.org/a/b?c=d"
ADMIN = ("admin@example.org", "correct horse battery")
SIDES = ("ours", "nginx", "fastapi", "starlette")
FASTAPI = "fastapi==0.165.0"
SHARED = (
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "asyncpg",
    "redis",
    "hiredis",
    "argon2-cffi",
    "pyjwt",
    "cryptography",
)
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 20000; }}
http {{
  access_log off; default_type text/plain; keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4;
  scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /healthz {{ return 200 "ok"; }}
    location / {{ add_header Cache-Control no-store; return 302 {target}; }}
  }}
}}
"""


@dataclass(frozen=True)
class Given:
    """What a service is told: everything by its environment."""

    database: str
    cache: str
    issuer: str
    more: dict[str, str] = field(default_factory=dict)


@dataclass
class Served:
    """A service at work, that can be stopped in order and started again on the same port."""

    name: str
    port: int
    process: psutil.Process
    command: Sequence[str]
    environment: dict[str, str]
    folder: Path
    core: int

    def cpu_s(self) -> float:
        """Processor time that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_mib(self) -> float:
        """What it has in memory."""
        return float(self.process.memory_info().rss) / 2**20

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return int(self.process.wait(timeout=15))

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with (self.folder / "output").open("ab") as output:
            process = psutil.Popen(list(self.command), env=self.environment, stdout=output, stderr=output)
        self.process = process
        process.cpu_affinity([self.core])
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and process.poll() is None:
            if any(_is_well(f"http://127.0.0.1:{self.port}{path}") for path in self._signs):
                return
            time.sleep(0.02)
        self.end()
        raise NoServerError(f"it did not start: {(self.folder / 'output').read_text(errors='replace')[-300:]}")

    @property
    def _signs(self) -> tuple[str, ...]:
        return ("/readyz",) if self.name == "ours" else ("/healthz",)

    def end(self) -> None:
        """End it now."""
        if self.process.is_running():
            self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def served(name: str, service: str, given: Given, folder: Path, core: int) -> Iterator[Served]:
    """The service ``links`` or ``identity`` as a side has it, ready, as long as the block lasts."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    folder.mkdir()
    (folder / "data").mkdir()
    told = {
        "PORT": str(port),
        "DATABASE_URL": given.database,
        "CACHE_URL": given.cache,
        "DATA_DIR": str(folder / "data"),
        "ISSUER": given.issuer,
        **given.more,
    }
    command = _command(name, service, port, folder)
    side = Served(name, port, psutil.Process(), command, {**os.environ, **told}, folder, core)
    side.start()
    try:
        yield side
    finally:
        side.end()


def _is_well(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _command(name: str, service: str, port: int, folder: Path) -> Sequence[str]:
    if name == "ours":
        return (sys.executable, "-m", f"climb.systems.{service}")
    if name == "nginx":
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(port=port, folder=folder, target=TARGET), encoding="utf-8")
        return (nginx_program(), "-p", str(folder), "-e", str(folder / "errors"), "-c", str(config))
    return (_peers_python(), str(HERE / f"{name}_side.py"), str(port))


def _peers_python() -> str:
    """The interpreter of an environment that has what the others need."""
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb") / "cache" / "benchmarks" / "services"
    wanted = [FASTAPI, *(f"{name}=={importlib.metadata.version(name)}" for name in SHARED)]
    ready = home / "ready"
    try:
        if not ready.exists() or ready.read_text().split() != wanted:
            venv.create(home, with_pip=True, clear=True)
            pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted]
            subprocess.run(pip, check=True, capture_output=True)
            ready.write_text("\n".join(wanted))
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoServerError("what it needs can't be installed") from error
    return str(home / "bin" / "python")
