"""A client of Flink's SQL gateway: sessions, statements, results.

The gateway's REST endpoint (version 2 of its protocol, Flink 1.17 and later) runs a statement in the background and hands
out its rows page by page: each page names the next one, says that it is not ready yet, or is the last. One connection is
kept for a session; each statement has a deadline, and after it what happened is unknown.
"""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from climb.systems.processor.flink.errors import GatewayRefusedError, GatewayTimeoutError, GatewayUnreachableError

__all__ = ["Gateway", "Rows", "Session"]

PREFIX = "/v2"
ANSWER_S = 30.0  # for one request; the statement itself runs in the background meanwhile
STATEMENT_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.5  # between two questions whether a page is ready
REASON_LINES = 4

_CAUSE = re.compile(r"^(?:Caused by: )?(?:[\w$]+\.)+[\w$]*(?:Exception|Error): ")
_STACK = re.compile(r"^(at |\.\.\. |End of exception|Was expecting one of:|[\"<])")  # and the parser's lists of words

Cell = Any  # what JSON has for an SQL type: the caller knows which


class _Info(msgspec.Struct, rename="camel"):
    product_name: str
    version: str


class _SessionAnswer(msgspec.Struct, rename="camel"):
    session_handle: str


class _OperationAnswer(msgspec.Struct, rename="camel"):
    operation_handle: str


class _Column(msgspec.Struct):
    name: str


class _Row(msgspec.Struct):
    fields: list[Cell]
    kind: str = "INSERT"


class _Page(msgspec.Struct):
    columns: list[_Column] = []
    data: list[_Row] = []


class _Result(msgspec.Struct, rename="camel"):
    result_type: str
    results: _Page | None = None
    next_result_uri: str | None = None
    job_id: str | None = msgspec.field(default=None, name="jobID")


class _Errors(msgspec.Struct):
    errors: list[str]


Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Rows:
    """What a statement answered: names of columns, rows, and the job that it started, if it did."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(repr=False)
    job_id: str | None = None


@dataclass(frozen=True)
class Gateway:
    """The address of a SQL gateway, such as ``http://127.0.0.1:8083``."""

    url: str

    def version(self) -> str:
        """Return the version of the Flink behind it; raise GatewayUnreachableError if there is none."""
        with self._wire() as wire:
            return wire.ask("GET", "/info", _Info).version

    @contextmanager
    def session(self, options: Mapping[str, str] | None = None) -> Iterator[Session]:
        """Open a session and close it at the end; jobs that it started go on."""
        with self._wire() as wire:
            asked = {"properties": dict(options or {})}
            path = f"/sessions/{wire.ask('POST', '/sessions', _SessionAnswer, asked).session_handle}"
            try:
                yield Session(wire, path)
            finally:
                wire.try_once("DELETE", path)

    @contextmanager
    def _wire(self) -> Iterator[_Wire]:
        address = urlsplit(self.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise GatewayUnreachableError(f"{self.url}: expected an address such as http://127.0.0.1:8083")
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname, address.port, timeout=ANSWER_S)
        try:
            yield _Wire(connection, self.url, address.path.rstrip("/") + PREFIX)
        finally:
            connection.close()


@dataclass(frozen=True)
class Session:
    """A session: what one statement creates, the next ones know."""

    _wire: _Wire = field(repr=False)
    _path: str

    def run(
        self, statement: str, *, timeout_s: float = STATEMENT_S, clock: Callable[[], float] = time.monotonic
    ) -> Rows:
        """Run a statement to its end and return its rows.

        Raises GatewayRefusedError with Flink's reason, or GatewayTimeoutError after ``timeout_s``; the statement is then
        cancelled, which ends a query, but not a job that it has started already.
        """
        end = clock() + timeout_s
        begun = self._wire.ask(
            "POST", f"{self._path}/statements", _OperationAnswer, {"statement": statement}, statement
        )
        operation = f"{self._path}/operations/{begun.operation_handle}"
        try:
            return self._rows(operation, statement, end, clock)
        except GatewayTimeoutError:
            self._wire.try_once("POST", f"{operation}/cancel")
            raise
        finally:
            self._wire.try_once("DELETE", f"{operation}/close")

    def _rows(self, operation: str, statement: str, end: float, clock: Callable[[], float]) -> Rows:
        columns: tuple[str, ...] = ()
        rows: list[tuple[Cell, ...]] = []
        job_id: str | None = None
        uri, pause = f"{operation}/result/0?rowFormat=JSON", FIRST_PAUSE_S
        while True:
            result = self._wire.ask("GET", uri, _Result, None, statement)
            job_id = result.job_id or job_id
            if result.results is not None:
                columns = tuple(column.name for column in result.results.columns) or columns
                rows += (tuple(row.fields) for row in result.results.data)
            if result.result_type == "EOS" or result.next_result_uri is None:
                return Rows(columns, tuple(rows), job_id)
            uri = result.next_result_uri.removeprefix(PREFIX)
            if clock() > end:
                raise GatewayTimeoutError(f"no end in time: {_first_line(statement)}")
            if result.result_type == "NOT_READY" or result.results is None or not result.results.data:
                time.sleep(min(pause, max(0.0, end - clock())))
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                pause = FIRST_PAUSE_S


@dataclass(frozen=True)
class _Wire:
    """Requests over one connection, and what their answers mean."""

    connection: http.client.HTTPConnection
    url: str
    prefix: str

    def ask(self, method: str, path: str, kind: type[Answer], body: object = None, statement: str = "") -> Answer:
        status, answer = self._exchange(method, path, body)
        if status != http.HTTPStatus.OK:
            raise GatewayRefusedError(statement, _reason(status, answer))
        try:
            return msgspec.json.decode(answer, type=kind)
        except msgspec.DecodeError as error:
            raise GatewayUnreachableError(f"{self.url} is no SQL gateway: {error}") from error

    def try_once(self, method: str, path: str) -> None:
        """Tidy up; the gateway does it by itself later if this fails."""
        try:
            self._exchange(method, path, None)
        except (GatewayUnreachableError, GatewayTimeoutError):
            self.connection.close()

    def _exchange(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        payload = None if body is None else msgspec.json.encode(body)
        try:
            self.connection.request(method, self.prefix + path, payload, {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except TimeoutError as error:
            self.connection.close()
            raise GatewayTimeoutError(f"{self.url} did not answer within {ANSWER_S:.0f} s") from error
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise GatewayUnreachableError(f"{self.url}: {error}") from error


def _reason(status: int, answer: bytes) -> str:
    """Return the innermost cause that Flink names, without the stacks around it."""
    try:
        said = "\n".join(msgspec.json.decode(answer, type=_Errors).errors)
    except msgspec.DecodeError:
        return f"HTTP {status}"
    lines = [line.strip() for line in said.splitlines()]
    said_by_cause = [number for number, line in enumerate(lines) if _CAUSE.match(line)]
    told = lines[said_by_cause[-1] if said_by_cause else 0 :]
    kept = [_CAUSE.sub("", line) for line in told if line and not _STACK.match(line)]
    return " ".join(kept[:REASON_LINES]) or f"HTTP {status}"


def _first_line(statement: str) -> str:
    return next(iter(statement.strip().splitlines()), "")
