"""A real Flink on this machine's loopback: ``python benchmarks/flink_cluster.py [--folder F] [--set-up]``.

Three processes: a job manager, a task manager with two slots, and the SQL gateway, on free ports, with limits that fit
a small machine. They are started as Java classes, since the Python package that carries the cluster has no start scripts,
and end with the process that started them. Without ``--set-up`` the cluster runs until Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import flink_home

__all__ = ["Cluster", "running"]

JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
GATEWAY = "org.apache.flink.table.gateway.SqlGateway"
START_S = 240.0  # on a busy machine; alone it takes about ten seconds
STOP_S = 10.0
SLOTS = 2

OPENED = """
java.base: java.lang java.net java.io java.nio sun.nio.ch java.lang.reflect java.text java.time java.util
 java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks
"""  # what Flink's documentation opens for Java 17 in env.java.opts.all; its own start scripts read it from config.yaml
EXPORTED = """
java.rmi: sun.rmi.registry
java.management: sun.management
java.security.jgss: sun.security.krb5
jdk.compiler: com.sun.tools.javac.api com.sun.tools.javac.file com.sun.tools.javac.parser com.sun.tools.javac.tree
 com.sun.tools.javac.util
"""

LOGGING = """
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""


@dataclass(frozen=True)
class Cluster:
    """Addresses and processes of a cluster that runs."""

    rest: str
    gateway: str
    processes: Mapping[str, subprocess.Popen[bytes]]
    folder: Path


@contextlib.contextmanager
def running(
    home: flink_home.FlinkHome, *, heap_mib: int = 1024, options: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """A cluster as long as the block lasts; its logs and its state are in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="climb-flink-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        rest, gateway = _configure(folder, heap_mib, options or {})
        processes = {}
        for role, (main_class, heap) in {
            "job manager": (JOB_MANAGER, 512),
            "task manager": (TASK_MANAGER, heap_mib + 128),
            "gateway": (GATEWAY, 384),
        }.items():
            processes[role] = _start(home, folder, role, main_class, heap)
            stack.callback(_stop, processes[role])
        cluster = Cluster(f"http://127.0.0.1:{rest}", f"http://127.0.0.1:{gateway}", processes, folder)
        _wait(cluster)
        yield cluster


def _configure(folder: Path, heap_mib: int, options: Mapping[str, str]) -> tuple[int, int]:
    rpc, rest, blobs, gateway = _free_ports(4)
    for name in ("tmp", "checkpoints"):
        (folder / name).mkdir()
    settings: dict[str, object] = {
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": rpc,
        "jobmanager.bind-host": "127.0.0.1",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": rest,
        "blob.server.port": blobs,
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.numberOfTaskSlots": SLOTS,
        "taskmanager.cpu.cores": SLOTS,
        # A start script would work these out; the class wants them all.
        "taskmanager.memory.framework.heap.size": "128m",
        "taskmanager.memory.framework.off-heap.size": "128m",
        "taskmanager.memory.task.heap.size": f"{heap_mib}m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.network.min": "128m",
        "taskmanager.memory.network.max": "128m",
        "taskmanager.memory.managed.size": "256m",
        "taskmanager.memory.jvm-metaspace.size": "256m",
        "taskmanager.memory.jvm-overhead.min": "192m",
        "taskmanager.memory.jvm-overhead.max": "192m",
        "parallelism.default": 1,
        "io.tmp.dirs": folder / "tmp",
        "execution.checkpointing.dir": (folder / "checkpoints").as_uri(),
        "sql-gateway.endpoint.rest.address": "127.0.0.1",
        "sql-gateway.endpoint.rest.bind-address": "127.0.0.1",
        "sql-gateway.endpoint.rest.port": gateway,
        **options,
    }
    (folder / "config.yaml").write_text(
        "".join(f"{key}: {value}\n" for key, value in settings.items()), encoding="utf-8"
    )
    (folder / "log4j.properties").write_text(LOGGING, encoding="utf-8")
    return rest, gateway


def _start(
    home: flink_home.FlinkHome, folder: Path, role: str, main_class: str, heap_mib: int
) -> subprocess.Popen[bytes]:
    command = [home.java, f"-Xmx{heap_mib}m", "-XX:+UseG1GC", "-XX:MaxDirectMemorySize=512m", *_modules()]
    command += [f"-Dlog4j.configurationFile={folder / 'log4j.properties'}", "-cp", home.class_path, main_class]
    if main_class != GATEWAY:  # it reads FLINK_CONF_DIR
        command += ["--configDir", str(folder)]
    if shutil.which("setpriv"):  # util-linux: the kernel ends it when we end, however that happens
        command = ["setpriv", "--pdeathsig", "KILL", *command]
    with (folder / f"{role}.log").open("wb") as log:
        environment = {**os.environ, "FLINK_CONF_DIR": str(folder)}
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder
        )


def _modules() -> Iterator[str]:
    for flag, text in (("--add-opens", OPENED), ("--add-exports", EXPORTED)):
        module = ""
        for word in text.split():
            if word.endswith(":"):
                module = word[:-1]
            else:
                yield f"{flag}={module}/{word}=ALL-UNNAMED"


def _wait(cluster: Cluster) -> None:
    deadline = time.monotonic() + START_S
    while not _is_ready(cluster):
        for role, process in cluster.processes.items():
            if process.poll() is not None:
                raise flink_home.NoFlinkError(
                    f"the {role} ended with {process.returncode}: {_last_words(cluster, role)}"
                )
        if time.monotonic() > deadline:
            raise flink_home.NoFlinkError(f"not ready after {START_S:.0f} s: {_last_words(cluster, 'job manager')}")
        time.sleep(0.1)


def _is_ready(cluster: Cluster) -> bool:
    try:
        slots = _get(f"{cluster.rest}/overview")["slots-total"]
        return slots == SLOTS and "productName" in _get(f"{cluster.gateway}/v1/info")
    except (OSError, ValueError, KeyError):  # nobody listens yet, or not fully up
        return False


def _get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        body: dict[str, object] = json.load(answer)
        return body


def _last_words(cluster: Cluster, role: str) -> str:
    lines = (cluster.folder / f"{role}.log").read_text(errors="replace").strip().splitlines()
    causes = [line for line in lines if not line.startswith("\tat ")]
    return " / ".join(causes[-4:]) or "it said nothing"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:  # all are held until all are known, so that none comes twice
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [taken.getsockname()[1] for taken in sockets]


def main() -> int:
    """Set Flink up, and run it unless only that was wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=flink_home.default_folder(), help="where Flink is, or goes")
    parser.add_argument("--set-up", action="store_true", help="only fetch what is missing")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        home = flink_home.set_up(options.folder)
        print(f"Flink {flink_home.FLINK} is in {options.folder}")
        if not options.set_up:
            with running(home) as cluster:
                print(f"gateway  {cluster.gateway}\npage     {cluster.rest}\nruns until Ctrl-C", flush=True)
                signal.pause()
    except flink_home.NoFlinkError as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
