"""The learner's server as checks use it: started with files and limits, talked to over raw connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from climb.judge.drivers import http1
from climb.judge.drivers.life import ADDRESS
from climb.judge.drivers.refusal import refusal
from climb.judge.drivers.service import Instance, Service, healthy
from climb.projects.http.driver.explained import explained
from climb.projects.http.driver.mirrored import Mirrored, mirrored
from climb.projects.http.driver.patience import patience_s
from climb.projects.http.driver.settings import environment

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["Fields", "HttpServer", "Running"]

Fields = Sequence[tuple[str, str]]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_NAME = 120  # characters of what a report calls a connection
_PIECE_S = 0.002  # between two pieces


class HttpServer:
    """Starts the learner's program, each time on a folder of its own."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def folder(self, root: Mapping[str, bytes] = _NOTHING) -> Path:
        """A new ROOT with these files. What is beside it belongs to the check alone, so a check may put there what must not be served."""
        folder = self.service.folder("site") / "root"
        folder.mkdir()
        for name, content in root.items():
            write(folder, name, content)
        return folder

    async def start(
        self,
        *,
        root: Mapping[str, bytes] | Path = _NOTHING,
        ready: bool = True,
        limits: Mapping[str, Any] = _NOTHING,
        **settings: int,
    ) -> Running:
        """Start it and wait until it is ready; it ends with the check.

        ``root``: files below ROOT, or a folder that is there already. ``limits`` are those of the judge, such as ``open_files``;
        ``settings`` those of the contract in lower case, such as ``head_ms``.
        """
        folder = root if isinstance(root, Path) else self.folder(root)
        instance = await self.service.start(
            environment(folder, settings), ports=("PORT",), ready=healthy("PORT") if ready else None, **limits
        )
        return Running(instance, folder, now=self.service.now, patience_s=await patience_s(instance.ready_seconds))

    async def refuses(self, variable: str, value: str | Path | None, *, rule: str) -> str:
        """What it writes to standard error with this variable wrong (None: missing) before it ends with exit code 2, as it must.

        ``rule`` is what the brief has for it.
        """
        env = {**environment(self.folder(), {}), variable: value}
        ports = () if variable == "PORT" else ("PORT",)
        told = f"without {variable}" if value is None else f"with {variable}={value}"
        return await refusal(self.service, env, ports, saw=f"started {told}; the brief has for it: {rule}")


class Running:
    """A server that was started. ``now`` is the clock of the check: seconds since it began."""

    def __init__(self, instance: Instance, root: Path, *, now: Callable[[], float], patience_s: float) -> None:
        self.instance = instance
        self.root = root
        self.now = now
        self.patience_s = patience_s

    def __repr__(self) -> str:
        return f"Running({self.host!r})"

    @property
    def port(self) -> int:
        """The port that it was given."""
        return self.instance.ports["PORT"]

    @property
    def host(self) -> str:
        """What the Host field says."""
        return f"{ADDRESS}:{self.port}"

    def write(self, name: str, content: bytes) -> Path:
        """A file below ROOT, new or written over."""
        return write(self.root, name, content)

    # --- talking ---

    def request(
        self, method: str, target: str, fields: Fields = (), body: bytes | None = None, version: str = "1.1"
    ) -> bytes:
        """A well-formed request, with Host, and with Content-Length if it has a body."""
        return http1.request(method, target, fields, body, host=self.host, version=version)

    async def converse(self, name: str = "", **options: Any) -> Conversation:
        """A connection of its own; closed with the check."""
        return await self.instance.converse("PORT", name=name, **options)

    async def answer_to(
        self,
        sent: bytes,
        *,
        method: str = "GET",
        cuts: Sequence[int] = (),
        conversation: Conversation | None = None,
        name: str = "",
        why: str = "",
    ) -> Answer:
        """The answer to these bytes, cut into pieces that the program has time to read one by one; over a new connection if there is none.

        A new one is closed behind the answer. ``why`` there must be one is for the report if there is none.
        """
        used = conversation or await self.converse(name)
        with explained(why):
            answer = await used.ask(sent, method=method, cuts=cuts, pause_s=_PIECE_S, timeout_s=self.patience_s)
        if conversation is None:
            used.close()
        return answer

    async def ask(
        self,
        method: str,
        target: str,
        fields: Fields = (),
        body: bytes | None = None,
        *,
        status: int | None = 200,
        to_the_end: bool = False,
    ) -> Answer:
        """The answer to one request, over a connection of its own; fails the check for another status (None: any).

        ``to_the_end``: the connection is read until the program closes it, so that bytes behind the answer are found.
        """
        sent = self.request(method, target, (*fields, ("Connection", "close")), body)
        conversation = await self.converse(f"{method} {target}"[:_NAME])
        answer = await self.answer_to(sent, method=method, conversation=conversation)
        if to_the_end:
            await conversation.ended(self.patience_s)
        conversation.close()
        if status is not None and answer.status != status:
            answer.blame(
                f"status {status}",
                f"status {answer.status}   {answer.text[:200]!r}",
                f"The brief answers this request with {status}.",
            )
        return answer

    async def mirror(
        self,
        conversation: Conversation | None,
        method: str,
        target: str,
        fields: Fields = (),
        body: bytes | None = None,
        *,
        why: str = "",
    ) -> Mirrored:
        """How the server read this request, which it must answer (``why``); over a connection of its own if there is none."""
        if conversation is None:
            with explained(why):
                answer = await self.ask(method, target, fields, body, status=None)
            return mirrored(answer, why)
        sent = self.request(method, target, fields, body)
        return mirrored(await self.answer_to(sent, method=method, conversation=conversation, why=why), why)

    async def alive(self) -> None:
        """Another client is still served."""
        await self.ask("GET", "/healthz")


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file below a folder, with the folders on the way to it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
