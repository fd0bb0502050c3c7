"""The parts of a running service, which its routes work with."""

from __future__ import annotations

from dataclasses import dataclass

from climb.stack.database.pool import Database
from climb.systems.identity.api.bearer import Bearer
from climb.systems.identity.hashing import Passwords
from climb.systems.identity.issuing import Issuing
from climb.systems.identity.keyring import KeyRing
from climb.systems.identity.outbox import Outbox
from climb.systems.identity.settings import Settings
from climb.systems.identity.trying import Trying

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """One of each."""

    settings: Settings
    database: Database
    keys: KeyRing
    bearer: Bearer
    issuing: Issuing
    passwords: Passwords
    trying: Trying
    outbox: Outbox
