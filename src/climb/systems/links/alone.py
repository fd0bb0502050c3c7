"""An issuer of our own, for a link shortener that is alone on a machine: its key lies beside the data, and it knows one person.

Whoever can read the folder can make tokens, as they could read the links.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from climb.stack.tokens.claims import FIRST_PARTY, Claims
from climb.stack.tokens.keys import KeySet, SigningKey
from climb.stack.tokens.signing import signed

__all__ = ["OwnIssuer"]

_KID = "own"
_LIFE_S = 30 * 86_400


class OwnIssuer:
    """Signs tokens with the key in a folder, which is made if there is none."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._key = _kept_key(folder / "issuer.der")

    async def keys(self) -> KeySet:
        """What its tokens are verified with."""
        return KeySet({_KID: self._key.public})

    def token(self, sub: str) -> str:
        """A token that is good for thirty days, for somebody who may do everything."""
        now = int(time.time())
        return signed(
            Claims(
                iss=self.name,
                sub=sub,
                aud=self.name,
                iat=now,
                exp=now + _LIFE_S,
                jti=os.urandom(12).hex(),
                client_id=FIRST_PARTY,
                roles=["admin"],
            ),
            self._key,
        )


def _kept_key(file: Path) -> SigningKey:
    try:
        return SigningKey.read(_KID, file.read_bytes())
    except FileNotFoundError:
        key = SigningKey.new(_KID)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as out:  # noqa: PTH123 - a descriptor has no path
        out.write(key.der())
    return key
