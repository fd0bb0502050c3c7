"""The filter program, run by an interpreter of the few instructions it uses, on packets made here."""

from __future__ import annotations

import struct

import pytest

from climb.systems.scanner.syn import CLOSED, FILTERED, OPEN
from climb.systems.scanner.syn.bpf import SNAP, Instruction, assemble, program
from climb.systems.scanner.syn.cookie import Key, secret
from climb.systems.scanner.syn.replies import parse

KEY = Key(b"a secret key")
SOURCE_PORT = 41234
HERE = {4: bytes([192, 0, 2, 1]), 16: bytes.fromhex("20010db8000000000000000000000001")}
THERE = {4: bytes([198, 51, 100, 7]), 16: bytes.fromhex("20010db8000000000000000000000007")}
ELSEWHERE = {4: bytes([198, 51, 100, 8]), 16: bytes.fromhex("20010db8000000000000000000000008")}
FAMILIES = pytest.mark.parametrize("family", [4, 16], ids=["IPv4", "IPv6"])


def run(instructions: list[Instruction], packet: bytes) -> int:
    """Execute a classic BPF program; a load beyond the packet ends it with zero, as in the kernel."""
    a = x = at = 0
    memory = [0] * 16
    loads = {0x20: (4, 0), 0x28: (2, 0), 0x30: (1, 0), 0x40: (4, 1), 0x48: (2, 1), 0x50: (1, 1)}
    while True:
        code, yes, no, k = instructions[at]
        at += 1
        if code in loads:
            width, indexed = loads[code]
            start = k + x * indexed
            if start + width > len(packet):
                return 0
            a = int.from_bytes(packet[start : start + width])
        elif code == 0xB1:
            x = 4 * (packet[k] & 0xF)
        elif code == 0x61:
            x = memory[k]
        elif code == 0x02:
            memory[k] = a
        elif code == 0x07:
            x = a
        elif code == 0x06:
            return k
        elif code in (0x15, 0x1D, 0x45):
            at += yes if (a & k if code == 0x45 else a == (x if code == 0x1D else k)) else no
        else:
            value = {0x0C: a + x, 0x14: a - k, 0x24: a * k, 0x74: a >> k, 0x44: a | k, 0xA4: a ^ k, 0xAC: a ^ x}[code]
            a = value & 0xFFFFFFFF


def ip(source: bytes, target: bytes, protocol: int, payload: bytes, options: bytes = b"") -> bytes:
    if len(source) == 16:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + source + target + payload
    words, length = 5 + len(options) // 4, 20 + len(options) + len(payload)
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, length, 0, 0, 64, protocol, 0)
    return head + source + target + options + payload


def tcp(source: int, target: int, sequence: int, acknowledged: int, flags: int) -> bytes:
    return struct.pack("!HHIIBBHHH", source, target, sequence, acknowledged & 0xFFFFFFFF, 5 << 4, flags, 0, 0, 0)


def answer(family: int, flags: int, *, port: int = 443, off_by: int = 0, options: bytes = b"") -> bytes:
    """Return what THERE says to our probe of this port; ``off_by`` makes the acknowledgement wrong."""
    acknowledged = secret(KEY, THERE[family]) - port + 1 + off_by
    return ip(THERE[family], HERE[family], 6, tcp(port, SOURCE_PORT, 7, acknowledged, flags), options)


def unreachable(family: int, *, port: int = 443, off_by: int = 0) -> bytes:
    """Return a router's message that quotes our probe of THERE."""
    quoted = tcp(SOURCE_PORT, port, secret(KEY, THERE[family]) - port + off_by, 0, 0x02)
    kind, protocol = (3, 1) if family == 4 else (1, 58)
    message = struct.pack("!BBHI", kind, 1, 0, 0) + ip(HERE[family], THERE[family], 6, quoted)
    return ip(ELSEWHERE[family], HERE[family], protocol, message)


def accepted(family: int, packet: bytes) -> bool:
    return run(program(KEY, SOURCE_PORT, family), packet) == SNAP


@FAMILIES
@pytest.mark.parametrize("flags", [0x12, 0x14, 0x52], ids=["SYN-ACK", "RST-ACK", "SYN-ACK-ECE"])
@pytest.mark.parametrize("port", [1, 443, 65535])
def test_an_answer_to_our_probe_passes(family: int, flags: int, port: int) -> None:
    """The acknowledgement proves knowledge of the probe's sequence number."""
    assert accepted(family, answer(family, flags, port=port))


@FAMILIES
@pytest.mark.parametrize("off_by", [-1, 1, 0x10000, 0x80000000])
def test_a_wrong_acknowledgement_is_dropped(family: int, off_by: int) -> None:
    """Who guesses the sequence number is not heard."""
    assert not accepted(family, answer(family, 0x12, off_by=off_by))


@FAMILIES
def test_the_secret_of_one_host_does_not_help_another(family: int) -> None:
    """A host that saw its own probe cannot answer for its neighbour."""
    segment = tcp(443, SOURCE_PORT, 7, secret(KEY, THERE[family]) - 443 + 1, 0x12)

    assert not accepted(family, ip(ELSEWHERE[family], HERE[family], 6, segment))


@FAMILIES
@pytest.mark.parametrize("flags", [0x02, 0x04, 0x10, 0x11], ids=["SYN", "RST", "ACK", "FIN-ACK"])
def test_other_segments_are_dropped(family: int, flags: int) -> None:
    """Only a segment that acknowledges, and synchronises or resets, answers a SYN."""
    assert not accepted(family, answer(family, flags))


@FAMILIES
def test_segments_to_other_ports_are_dropped(family: int) -> None:
    """The traffic of other programs stays in the kernel."""
    instructions = program(KEY, SOURCE_PORT + 1, family)

    assert run(instructions, answer(family, 0x12)) == 0


@FAMILIES
def test_an_unreachable_message_about_our_probe_passes(family: int) -> None:
    """A router's message is believed if it quotes the probe's sequence number."""
    assert accepted(family, unreachable(family))
    assert not accepted(family, unreachable(family, off_by=1))


@FAMILIES
def test_a_cut_packet_is_dropped(family: int) -> None:
    """A packet too short for what is looked at is none of ours, at every length."""
    needed = (20 if family == 4 else 40) + 14
    whole = answer(family, 0x12)

    assert not any(accepted(family, whole[:length]) for length in range(1, needed))


def test_options_in_the_ipv4_header_are_skipped() -> None:
    """The TCP header is looked for behind the IP options."""
    packet = answer(4, 0x12, options=bytes([1, 1, 1, 0]))

    assert accepted(4, packet)
    assert parse(packet) == (THERE[4], 443, OPEN)


@FAMILIES
def test_parsing_says_what_the_filter_let_through(family: int) -> None:
    """A SYN-ACK means open, a reset closed, an unreachable message filtered; the address is that of the target."""
    assert parse(answer(family, 0x12)) == (THERE[family], 443, OPEN)
    assert parse(answer(family, 0x14)) == (THERE[family], 443, CLOSED)
    assert parse(unreachable(family)) == (THERE[family], 443, FILTERED)


def test_every_secret_is_above_every_port() -> None:
    """Subtracting a port never wraps around, which the checksum relies on."""
    secrets = [secret(Key(), bytes([10, 0, host // 256, host % 256])) for host in range(2000)]

    assert all(0xFFFF < number <= 0xFFFFFFFF for number in secrets)


def test_the_assembled_program_has_eight_bytes_an_instruction() -> None:
    """``struct sock_filter`` is what the kernel expects, and jumps stay within their eight bits."""
    instructions = program(KEY, SOURCE_PORT, 16)

    assert len(assemble(instructions)) == 8 * len(instructions)
    assert all(yes < 256 and no < 256 for _, yes, no, _ in instructions)
