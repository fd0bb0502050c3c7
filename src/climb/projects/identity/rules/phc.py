"""Password hashes in PHC string format, as the brief demands them: argon2id with at least so much memory, passes and lanes."""

from __future__ import annotations

import base64
import re

import msgspec

__all__ = ["PHC", "Hash", "faults_of", "found_in"]

PHC = re.compile(
    r"\$argon2(?P<variant>id|i|d)(?:\$v=(?P<v>\d+))?\$(?P<parameters>[a-z]+=\d+(?:,[a-z]+=\d+)*)\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<hash>[A-Za-z0-9+/]+)"
)
_LEAST = {"m": 19_456, "t": 2, "p": 1}
_SALT_BYTES = 8  # what the function takes at least (RFC 9106, 3.1)
_HASH_BYTES = 16


class Hash(msgspec.Struct, frozen=True, kw_only=True):
    """One hash as it was found."""

    text: str
    variant: str
    version: int | None
    parameters: dict[str, int]
    salt: bytes
    size: int  # bytes of the hash itself


def found_in(text: str) -> list[Hash]:
    """All hashes of any variant of argon2 in this text."""
    return [_read(match) for match in PHC.finditer(text)]


def faults_of(found: Hash) -> list[str]:
    """What is less than the brief demands, in words."""
    faults = [] if found.variant == "id" else [f"it is argon2{found.variant}, and not argon2id"]
    faults += [] if found.version == 19 else ["it has no v=19"]
    for name, least in _LEAST.items():
        if found.parameters.get(name, 0) < least:
            faults.append(f"{name}={found.parameters.get(name, 0)}, and {least} is the least")
    if len(found.salt) < _SALT_BYTES:
        faults.append(f"its salt has {len(found.salt)} bytes, and {_SALT_BYTES} are the least")
    if found.size < _HASH_BYTES:
        faults.append(f"the hash has {found.size} bytes, and {_HASH_BYTES} are the least")
    return faults


def _read(match: re.Match[str]) -> Hash:
    parameters = dict(pair.split("=") for pair in match["parameters"].split(","))
    return Hash(
        text=match[0],
        variant=match["variant"],
        version=int(match["v"]) if match["v"] else None,
        parameters={name: int(value) for name, value in parameters.items()},
        salt=_bytes(match["salt"]),
        size=len(_bytes(match["hash"])),
    )


def _bytes(text: str) -> bytes:
    """base64 without padding; a text of an impossible length has no bytes."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
