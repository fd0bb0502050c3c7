"""Addresses for a world's servers: random ones in 127/8, so that a program can't be written to 127.0.0.1.

On Linux the loopback interface answers on all sixteen million addresses of 127/8 without any setup. That gives every check hosts
of its own, on which all ports are free. Where only 127.0.0.1 answers, all hosts are that one.
"""

from __future__ import annotations

import functools
import socket
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from climb.errors import SetupError

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Addresses", "has_ipv6", "whole_block_answers"]

# 127.0.0.0/16 is left to the machine's own services, and 127.255.0.0/16 holds the broadcast address, which nobody can bind.
_FIRST = IPv4Address("127.1.0.0")
_END = IPv4Address("127.255.0.0")


class Addresses:
    """Hands out loopback addresses and blocks, each at most once, so that two hosts of a check never share one."""

    def __init__(self, draw: Draws) -> None:
        self._draw = draw
        self._taken: list[IPv4Network] = []

    def one(self) -> str:
        """A random address; the simplest is 127.1.0.1."""
        a, b, c = self._draw.integer(1, 254), self._draw.integer(0, 255), self._draw.integer(1, 254)
        if not whole_block_answers():
            return "127.0.0.1"
        candidate = IPv4Address(f"127.{a}.{b}.{c}")
        while candidate.packed[3] in {0, 255} or not self._take(IPv4Network(candidate)):
            candidate = candidate + 1 if candidate + 1 < _END else _FIRST
        return str(candidate)

    def block(self, prefix: int) -> IPv4Network:
        """A random aligned block with this prefix length, 16 to 32; the simplest starts at 127.1.0.0.

        Raises SetupError where only 127.0.0.1 answers.
        """
        if not 16 <= prefix <= 32:
            raise ValueError(f"a block's prefix is 16 to 32, not {prefix}")
        size = 1 << (32 - prefix)
        count = (int(_END) - int(_FIRST)) // size
        drawn = self._draw.integer(0, count - 1)
        if not whole_block_answers():
            raise SetupError(
                "only 127.0.0.1 answers on this machine, but this check needs a block of addresses in 127.0.0.0/8",
                next_step="run the check on Linux, where the loopback interface has the whole block",
            )
        for step in range(count):
            block = IPv4Network((int(_FIRST) + (drawn + step) % count * size, prefix))
            if self._take(block):
                return block
        raise SetupError(f"no /{prefix} is left in 127.0.0.0/8: this check drew too many blocks")

    def _take(self, block: IPv4Network) -> bool:
        """Reserve a block, unless it overlaps one that was handed out."""
        if any(block.overlaps(other) for other in self._taken):
            return False
        self._taken.append(block)
        return True


@functools.cache
def whole_block_answers() -> bool:
    """Whether a server can listen on any address of 127/8."""
    return _can_bind(socket.AF_INET, "127.1.0.1")


@functools.cache
def has_ipv6() -> bool:
    """Whether a server can listen on ::1."""
    return _can_bind(socket.AF_INET6, "::1")


def _can_bind(family: int, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True
