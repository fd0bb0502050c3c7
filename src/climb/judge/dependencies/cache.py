"""A cache of a check's own: what the program is given, and what the judge knows of it.

Programs come through a proxy, without a password; the judge comes past it, as a user of its own who may do everything.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

from climb.errors import SetupError
from climb.judge.dependencies import servers
from climb.judge.dependencies.places import moved
from climb.judge.dependencies.resp import Reply, Teller, commands_of
from climb.judge.faults.fault import Place
from climb.judge.world.proxy import Proxy

if TYPE_CHECKING:
    from climb.stack.server import Kept

__all__ = ["Cache"]

_MANY = 10_000
_AT_ONCE = "1000"


class Cache:
    """A fresh cache; made by ``World.cache``."""

    def __init__(self, admin: str, url: str, proxy: Proxy, *, server: Kept | None = None) -> None:
        self.own_url = url
        self.url = moved(url, at=proxy.address)
        self.proxy = proxy
        self.place = Place(proxy=proxy, who="cache", part=self)
        self._admin = admin
        self._server = server
        self._asked: Counter[str] = Counter()
        self._others: Counter[str] = Counter()  # what was counted before the program came
        self._filling = contextlib.AsyncExitStack()

    def __repr__(self) -> str:
        return f"<cache behind {self.proxy!r}>"

    # --- what is in it ---

    async def ask(self, *words: str | bytes) -> Reply:
        """What the server says to this command of the judge's: an integer, bytes, a list of these, or None.

        Raises SetupError if it can't be asked now, and ValueError with its words if it refuses.
        """
        async with Teller(self._admin, self._asked) as teller:
            return await teller.ask(*words)

    async def keys(self) -> list[str]:
        """All keys, sorted."""
        found: set[bytes] = set()
        async with Teller(self._admin, self._asked) as teller:
            cursor: Reply = b"0"
            while True:
                cursor, names = await teller.ask("SCAN", cursor, "COUNT", _AT_ONCE)  # type: ignore[misc, arg-type]
                found.update(names)  # type: ignore[arg-type]
                if cursor == b"0":
                    return sorted(name.decode(errors="backslashreplace") for name in found)

    async def empty(self) -> None:
        """Forget everything."""
        await self.ask("FLUSHDB")

    async def commands(self, *names: str) -> int:
        """How many commands programs have run since the server started; with ``names``, how many of these, such as ``get``.

        What a client sends to introduce itself is counted as well.
        """
        counted = await self._counted()
        counted.subtract(self._others)
        counted.subtract(self._asked)
        counted["info"] += 1  # the judge's last question, which was not counted yet
        wanted = {name.lower() for name in names}
        return sum(count for name, count in counted.items() if not wanted or name in wanted)

    def cpu_seconds(self) -> float:
        """Processor time of its server so far; 0 if the environment named the server."""
        return servers.cpu_seconds(self._server)

    # --- what goes wrong with it ---

    async def end_connections(self) -> None:
        """The server ends all connections but the judge's."""
        await self.ask("CLIENT", "KILL", "TYPE", "normal")

    async def fill(self) -> None:
        """Others have all connections: the programs' end, and there is no new one."""
        teller = await self._filling.enter_async_context(Teller(self._admin, self._asked))  # the one that is left
        await teller.ask("CONFIG", "SET", "maxclients", "1")
        await teller.ask("CLIENT", "KILL", "TYPE", "normal")
        self._filling.push_async_callback(teller.ask, "CONFIG", "SET", "maxclients", str(_MANY))

    async def relieve(self) -> None:
        """There is room again."""
        with contextlib.suppress(SetupError):  # a server that ended meanwhile has room for as many as it begins with
            await self._filling.aclose()

    async def begin_to_count(self) -> None:
        """What was asked until now, by the judge and by what started the server, does not count."""
        self._asked.clear()
        self._others = await self._counted()
        self._asked.clear()
        self._others["info"] += 1  # this one, which the server counts when it is done

    async def _counted(self) -> Counter[str]:
        async with Teller(self._admin, self._asked) as teller:
            return commands_of(await teller.ask("INFO", "commandstats"))
