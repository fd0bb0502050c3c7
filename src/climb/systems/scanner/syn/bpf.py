"""The kernel's side of the scan: a socket filter that lets through the answers to our own probes and nothing else.

A packet socket sees every packet of the machine. This classic BPF program (kernel Documentation/networking/filter.rst)
runs on each one before it is copied: it picks TCP segments to our source port that acknowledge and either synchronise
or reset, and ICMP "unreachable" messages that quote one of our probes; then it computes the cookie of the address and
compares. What reaches Python is valid, cut to the headers, and needs no second look.

The packet starts at the IP header, for the socket is of the cooked kind (packet(7), SOCK_DGRAM).
"""

from __future__ import annotations

import struct

from climb.systems.scanner.syn.cookie import FLOOR, FOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.syn.cookie import Key

__all__ = ["SNAP", "Instruction", "assemble", "program"]

SNAP = 120  # bytes of a packet that are kept: the longest thing parsed is an ICMPv6 message with the probe it quotes

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand: struct sock_filter

# Opcodes, named as in filter.rst: the suffix says where the operand comes from.
LD_WORD, LD_HALF, LD_BYTE = 0x20, 0x28, 0x30  # absolute offset
LD_WORD_X, LD_HALF_X, LD_BYTE_X = 0x40, 0x48, 0x50  # offset from X
LD_MEM, LDX_MEM, LDX_HEADER, ST = 0x60, 0x61, 0xB1, 0x02  # LDX_HEADER: X = four times the low nibble of a byte
ADD_X, SUB, MUL, RSH, OR, XOR, XOR_X, TAX = 0x0C, 0x14, 0x24, 0x74, 0x44, 0xA4, 0xAC, 0x07
JEQ, JEQ_X, JSET, RET = 0x15, 0x1D, 0x45, 0x06

CLAIM, MIXED = 0, 1  # scratch cells: the secret that the packet claims to know, the mix so far

ETHERTYPE = {4: 0x0800, 16: 0x86DD}  # by the length of a packed address


def assemble(instructions: list[Instruction]) -> bytes:
    """Return the program as an array of ``struct sock_filter``."""
    return b"".join(struct.pack("@HBBI", *instruction) for instruction in instructions)


def program(key: Key, source_port: int, address_length: int) -> list[Instruction]:
    """Return the filter for one address family: it keeps ``SNAP`` bytes of an answer to our probes, else nothing."""
    tcp, icmp = (_tcp4, _icmp4) if address_length == 4 else (_tcp6, _icmp6)
    return [*_otherwise_next(tcp(key, source_port)), *_otherwise_next(icmp(key, source_port)), (RET, 0, 0, 0)]


NEXT = -1  # a jump target to be filled in: the packet is not of this kind, try the next section


def _otherwise_next(section: list[Instruction]) -> list[Instruction]:
    """Close a section with "accept" and let its failed tests jump behind it."""
    closed = [*section, (RET, 0, 0, SNAP)]
    return [
        (code, yes, len(closed) - at - 1 if no == NEXT else no, operand)
        for at, (code, yes, no, operand) in enumerate(closed)
    ]


def _is(operand: int) -> Instruction:
    return (JEQ, 0, NEXT, operand)


def _has(bits: int) -> Instruction:
    return (JSET, 0, NEXT, bits)


def _answers(at: int, source_port: int, load: tuple[int, int]) -> list[Instruction]:
    """Test the TCP header at ``at`` and store its claim: acknowledgement - 1 + port."""
    half, byte = load
    word = LD_WORD if half == LD_HALF else LD_WORD_X
    return [
        (half, 0, 0, at + 2),
        _is(source_port),
        (byte, 0, 0, at + 13),
        _has(0x10),  # ACK: a reset that answers a SYN has it too (RFC 9293, section 3.10.7.1)
        _has(0x06),  # SYN or RST
        (word, 0, 0, at + 8),
        (SUB, 0, 0, 1),
        (ST, 0, 0, MIXED),
        (half, 0, 0, at),
        (LDX_MEM, 0, 0, MIXED),
        (ADD_X, 0, 0, 0),
        (ST, 0, 0, CLAIM),
    ]


def _quotes(at: int, source_port: int, load: tuple[int, int]) -> list[Instruction]:
    """Test the quoted TCP header at ``at`` and store its claim: sequence + port."""
    half, word = load
    return [
        (half, 0, 0, at),
        _is(source_port),
        (word, 0, 0, at + 4),
        (ST, 0, 0, MIXED),
        (half, 0, 0, at + 2),
        (LDX_MEM, 0, 0, MIXED),
        (ADD_X, 0, 0, 0),
        (ST, 0, 0, CLAIM),
    ]


def _mix(key: Key) -> list[Instruction]:
    """One word of ``cookie.secret``: the accumulator holds the word xor the mix so far."""
    rounds = [(XOR, 0, 0, key.whitening)]
    for factor in (key.first, key.second):
        rounds += [(MUL, 0, 0, factor), (TAX, 0, 0, 0), (RSH, 0, 0, FOLD), (XOR_X, 0, 0, 0)]
    return rounds


def _proves() -> list[Instruction]:
    return [(OR, 0, 0, FLOOR), (LDX_MEM, 0, 0, CLAIM), (JEQ_X, 0, NEXT, 0)]


def _tcp4(key: Key, source_port: int) -> list[Instruction]:
    return [
        (LD_BYTE, 0, 0, 9),
        _is(6),
        (LDX_HEADER, 0, 0, 0),
        *_answers_after_options(source_port),
        (LD_WORD, 0, 0, 12),
        *_mix(key),
        *_proves(),
    ]


def _answers_after_options(source_port: int) -> list[Instruction]:
    """Like ``_answers``, but X is the length of the IPv4 header, and must be loaded again after it was used."""
    steps = _answers(0, source_port, (LD_HALF_X, LD_BYTE_X))
    reload = steps.index((LD_HALF_X, 0, 0, 0))
    return [*steps[:reload], (LDX_HEADER, 0, 0, 0), *steps[reload:]]


def _icmp4(key: Key, source_port: int) -> list[Instruction]:
    quoted = 8 + 20  # behind the ICMP header and the quoted IP header; ours never has options
    return [
        (LD_BYTE, 0, 0, 9),
        _is(1),
        (LDX_HEADER, 0, 0, 0),
        (LD_BYTE_X, 0, 0, 0),
        _is(3),  # destination unreachable (RFC 792)
        (LD_BYTE_X, 0, 0, 8 + 9),
        _is(6),
        *_quotes(quoted, source_port, (LD_HALF_X, LD_WORD_X)),
        (LDX_HEADER, 0, 0, 0),
        (LD_WORD_X, 0, 0, 8 + 16),
        *_mix(key),
        *_proves(),
    ]


def _mix6(key: Key, at: int) -> list[Instruction]:
    steps: list[Instruction] = [(LD_WORD, 0, 0, at), *_mix(key)]
    for word in range(at + 4, at + 16, 4):
        steps += [(ST, 0, 0, MIXED), (LD_WORD, 0, 0, word), (LDX_MEM, 0, 0, MIXED), (XOR_X, 0, 0, 0), *_mix(key)]
    return steps


def _tcp6(key: Key, source_port: int) -> list[Instruction]:
    """Extension headers are not followed: an answer to a bare SYN has none."""
    return [(LD_BYTE, 0, 0, 6), _is(6), *_answers(40, source_port, (LD_HALF, LD_BYTE)), *_mix6(key, 8), *_proves()]


def _icmp6(key: Key, source_port: int) -> list[Instruction]:
    return [
        (LD_BYTE, 0, 0, 6),
        _is(58),
        (LD_BYTE, 0, 0, 40),
        _is(1),  # destination unreachable (RFC 4443, section 3.1)
        (LD_BYTE, 0, 0, 48 + 6),
        _is(6),
        *_quotes(48 + 40, source_port, (LD_HALF, LD_WORD)),
        *_mix6(key, 48 + 24),
        *_proves(),
    ]
