"""Network namespaces of our own, so that a race has a network to itself and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["inside", "listening", "namespace", "veth", "why_not"]


def why_not() -> str | None:
    """Return why namespaces cannot be made here; ``None`` if they can."""
    if shutil.which("ip") is None:
        return "the command ip (package iproute2) is missing"
    if os.geteuid() != 0:
        return "network namespaces need root"
    return None


def inside(name: str) -> list[str]:
    """Return the words that make a command run in this namespace."""
    return ["ip", "netns", "exec", name]


@contextmanager
def namespace(role: str) -> Iterator[str]:
    """Make a namespace with loopback up; remove it in the end, and its devices with it."""
    name = f"climb-bench-{os.getpid()}-{role}"
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        _ip("netns", "delete", name)


@contextmanager
def veth(near_address: str, far_addresses: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Join two namespaces by a cable; yield near, far, and the far end's hardware address. Addresses have a prefix."""
    with ExitStack() as made:
        near, far = made.enter_context(namespace("near")), made.enter_context(namespace("far"))
        _ip("link", "add", "near", "netns", near, "type", "veth", "peer", "name", "far", "netns", far)
        _ip("-n", near, "address", "add", near_address, "dev", "near")
        for address in far_addresses:
            _ip("-n", far, "address", "add", address, "dev", "far")
        for name, device in ((near, "near"), (far, "far")):
            _ip("-n", name, "link", "set", device, "up")
        _ip("-n", near, "route", "add", "default", "dev", "near")  # masscan asks for one
        yield near, far, _hardware_address(far)


def _hardware_address(far: str) -> str:
    words = _ip("-n", far, "-oneline", "link", "show", "far").split()
    return words[words.index("link/ether") + 1]


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


@contextmanager
def listening(words: Sequence[str], prefix: Sequence[str] = ()) -> Iterator[None]:
    """Run ``listeners.py`` with these words."""
    script = Path(__file__).with_name("listeners.py")
    command = [*prefix, sys.executable, "-I", str(script), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"could not listen on {' '.join(words)}")
            yield
        finally:
            process.stdin.close()
            process.wait()
