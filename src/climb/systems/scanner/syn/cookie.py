"""Sequence numbers that prove an answer is ours, so that no probe needs to be remembered.

Anyone can send us a forged SYN-ACK. An honest answer acknowledges the sequence number of the probe plus one (RFC 9293,
section 3.10.7), so that number carries a secret: ``sequence = secret(address) - port``, where ``secret`` is a keyed mix
of the address. Three things follow, and all three are used:

* an answer is valid exactly if ``acknowledgement - 1 + port == secret(address)``: one addition and one comparison, which
  the socket filter does inside the kernel (``bpf.py``);
* in the ones' complement arithmetic of the TCP checksum (RFC 1071) the port added and the port subtracted cancel out,
  so all probes of one host share one checksum, and a probe differs from its host's template in six bytes;
* a host that sees its own probes learns nothing that forges an answer of another host.

The mix is two multiplications by secret odd numbers with the high bits folded down: enough against a blind forger, who
must also guess the source port; it is no cryptographic hash, and a classic BPF program could not compute one.
"""

from __future__ import annotations

import os

__all__ = ["Key", "secret"]

_MASK = 0xFFFFFFFF

FOLD = 15  # bits that the high half of a product is shifted down by before the next step
FLOOR = 0x10000  # set in every secret, so that subtracting a port never wraps around zero


class Key:
    """The secret numbers of one scan."""

    __slots__ = ("first", "second", "whitening")

    def __init__(self, material: bytes | None = None) -> None:
        """Take 12 bytes of key material; by default from the kernel's random source."""
        material = os.urandom(12) if material is None else material
        self.whitening = int.from_bytes(material[:4])
        self.first = int.from_bytes(material[4:8]) | 1
        self.second = int.from_bytes(material[8:12]) | 1


def secret(key: Key, address: bytes) -> int:
    """Return the number that a probe of this packed address hides its port in: 32 bits, above any port."""
    mixed = 0
    for start in range(0, len(address), 4):
        mixed ^= int.from_bytes(address[start : start + 4]) ^ key.whitening
        for factor in (key.first, key.second):
            mixed = mixed * factor & _MASK
            mixed ^= mixed >> FOLD
    return mixed | FLOOR
