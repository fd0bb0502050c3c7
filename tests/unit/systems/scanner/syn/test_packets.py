"""The probe, byte by byte."""

from __future__ import annotations

import struct

import pytest

from climb.systems.scanner.syn.cookie import Key, secret
from climb.systems.scanner.syn.packets import checksum, template, write_batch

KEY = Key(bytes(range(1, 13)))
HERE4, THERE4 = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 7])
HERE6, THERE6 = bytes.fromhex("20010db8000000000000000000000001"), bytes.fromhex("20010db8000000000000000000000007")


def verifies(packet: bytes) -> bool:
    """Say whether a receiver would accept the TCP checksum."""
    ip = 20 if packet[0] >> 4 == 4 else 40
    addresses = packet[12:20] if ip == 20 else packet[8:40]
    return checksum(addresses + struct.pack("!II", len(packet) - ip, 6) + packet[ip:]) == 0


def test_the_checksum_is_that_of_the_rfc() -> None:
    """The example of RFC 1071, section 3: the sum ddf2, complemented."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D


def test_a_known_packet_verifies() -> None:
    """A SYN written out by hand, with the checksum that Linux put there."""
    packet = bytes.fromhex(
        "450000280000400040063cce7f0000017f000001" + "9cbb0001" + "5555123300000000" + "5002040000000000"
    )
    right = bytearray(packet)
    right[36:38] = checksum(packet[12:20] + struct.pack("!II", 20, 6) + packet[20:]).to_bytes(2)

    assert verifies(bytes(right))
    assert not verifies(packet)


def test_an_ipv4_probe_is_a_syn_with_one_option() -> None:
    """Version, length, protocol, addresses, flags, window and the maximum segment size stand where the RFCs say."""
    probe = template(HERE4, THERE4, 40000, secret(KEY, THERE4))

    assert probe[:4] == bytes.fromhex("4500002c")
    assert probe[9] == 6
    assert probe[12:20] == HERE4 + THERE4
    assert probe[20:22] == (40000).to_bytes(2)
    assert probe[32:36] == bytes.fromhex("60020400")
    assert probe[40:44] == bytes.fromhex("020405b4")


def test_an_ipv6_probe_has_its_addresses_and_payload_length() -> None:
    """The IPv6 header names 24 bytes of TCP and both addresses."""
    probe = template(HERE6, THERE6, 40000, secret(KEY, THERE6))

    assert probe[:8] == bytes.fromhex("6000000000180640")
    assert probe[8:40] == HERE6 + THERE6


@pytest.mark.parametrize(("here", "there"), [(HERE4, THERE4), (HERE6, THERE6)])
def test_one_checksum_fits_every_port(here: bytes, there: bytes) -> None:
    """Port and sequence number change together, so the template's checksum stays right."""
    number = secret(KEY, there)
    head = template(here, there, 54321, number)
    ports = [1, 80, 255, 256, 32767, 65535]
    frames = bytearray(len(head) * len(ports))

    write_batch(frames, len(head) - 24, [head] * len(ports), ports, [number] * len(ports))

    packets = [bytes(frames[at : at + len(head)]) for at in range(0, len(frames), len(head))]
    assert all(verifies(packet) for packet in packets)
    assert [int.from_bytes(packet[-22:-20]) for packet in packets] == ports
    assert [int.from_bytes(packet[-20:-16]) for packet in packets] == [number - port for port in ports]


def test_a_batch_mixes_hosts() -> None:
    """Each probe of a batch has the addresses of its own host."""
    other = bytes([192, 0, 2, 8])
    heads = [template(HERE4, there, 40000, secret(KEY, there)) for there in (THERE4, other)]
    frames = bytearray(100)

    write_batch(frames, 20, heads, [80, 443], [secret(KEY, THERE4), secret(KEY, other)])

    assert (frames[16:20], frames[60:64]) == (THERE4, other)
    assert verifies(bytes(frames[:44]))
    assert verifies(bytes(frames[44:88]))
