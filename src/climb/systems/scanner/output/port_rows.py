"""What a person reads of each port: at most one line of facts, and one line for a run of ports that were alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from climb.systems.scanner.model import Http, State, Tls
from climb.systems.scanner.output.plain import clip, plain
from climb.systems.scanner.output.sentence import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from climb.systems.scanner.model import Found
    from climb.systems.scanner.output.terminal import Symbols

__all__ = ["PortRow", "port_rows", "validity"]

LONGEST = 80  # characters that one server may fill with one fact; the other kinds hold all of it
SHORTEST_RUN = 3  # fewer ports than this are as quickly read one by one


@dataclass(frozen=True, kw_only=True)
class PortRow:
    """One line of the table, ready to be shown."""

    ports: str
    state: State
    service: str
    rtt: str
    facts: tuple[str, ...]


def port_rows(results: Iterable[Found], now: datetime, symbols: Symbols) -> list[PortRow]:
    """The rows of one host, by port; neighbouring ports that were all closed or all filtered share one."""
    rows: list[PortRow] = []
    for run in _runs(sorted(results, key=lambda found: found.port)):
        if len(run) >= SHORTEST_RUN and run[0].state is not State.OPEN:
            rows.append(_run_row(run, symbols))
        else:
            rows += [_row(found, now, symbols) for found in run]
    return rows


def _runs(results: list[Found]) -> Iterator[list[Found]]:
    """Cuts the ports where the state changes or a number is missing."""
    numbered = enumerate(results)
    for _, run in groupby(numbered, key=lambda item: (item[1].state, item[1].port - item[0])):
        yield [found for _, found in run]


def _run_row(run: list[Found], symbols: Symbols) -> PortRow:
    ports = f"{run[0].port}{symbols.dash}{run[-1].port}"
    return PortRow(ports=ports, state=run[0].state, service="", rtt="", facts=(count(len(run), "port"),))


def _row(found: Found, now: datetime, symbols: Symbols) -> PortRow:
    return PortRow(
        ports=str(found.port),
        state=found.state,
        service=_shown(found.service, symbols),
        rtt=_milliseconds(found.rtt_ms),
        facts=tuple(_facts(found, now, symbols)),
    )


def _facts(found: Found, now: datetime, symbols: Symbols) -> Iterator[str]:
    if found.http:
        yield from _http_facts(found.http, symbols)
    if found.tls:
        yield from _tls_facts(found.tls, now, symbols)
    if found.banner:
        yield _shown(found.banner, symbols)
    if found.os:
        yield f"perhaps {_shown(found.os, symbols)}"


def _http_facts(http: Http, symbols: Symbols) -> Iterator[str]:
    answer = [str(http.status)] if http.status is not None else []
    if http.title:
        answer.append(_shown(http.title, symbols))
    if http.location:
        answer.append(f"{symbols.arrow} {_shown(http.location, symbols)}")
    if answer:
        yield " ".join(answer)
    if http.server:
        yield _shown(http.server, symbols)


def _tls_facts(tls: Tls, now: datetime, symbols: Symbols) -> Iterator[str]:
    if tls.version:
        yield _shown(tls.version, symbols)
    if tls.subject:
        yield f"certificate for {_shown(tls.subject, symbols)}"
    if tls.not_after and (until := validity(tls.not_after, now)):
        yield until


def validity(not_after: str, now: datetime) -> str | None:
    """How long a certificate still holds, in the words of a person; None if the date can't be read."""
    try:
        end = datetime.fromisoformat(not_after)
    except ValueError:
        return None
    left = (end if end.tzinfo else end.replace(tzinfo=UTC)) - now
    if left.total_seconds() < 0:
        return f"expired {count(-left.days - 1, 'day')} ago" if left.days < -1 else "expired today"
    return f"expires in {count(left.days, 'day')}" if left.days else "expires today"


def _shown(text: str | None, symbols: Symbols) -> str:
    return clip(plain(text), LONGEST, symbols.ellipsis) if text else ""


def _milliseconds(rtt_ms: float | None) -> str:
    if rtt_ms is None:
        return ""
    return f"{rtt_ms:.2f} ms" if rtt_ms < 10 else f"{rtt_ms:.0f} ms"
