"""Writes nmap's XML, so that whatever reads nmap's results (ndiff, report tools, vulnerability databases) reads ours.

The format groups ports by host and begins a host with its status, while results arrive in any order, so everything is
kept until the end. What is not shown is only counted: a host of 65,535 closed ports costs one number.
"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

import climb
from climb.systems.scanner.model import State
from climb.systems.scanner.output.hosts import Host
from climb.systems.scanner.output.nmap_port import port_element, reason
from climb.systems.scanner.output.outlet import Outlet
from climb.systems.scanner.output.sentence import sentence
from climb.systems.scanner.output.xml_element import attributes, element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from climb.systems.scanner.model import Found, Summary
    from climb.systems.scanner.output.writer import Request

__all__ = ["NmapXml"]


@dataclass
class _Findings:
    """What is known of one host."""

    shown: list[Found] = field(default_factory=list)
    hidden: Counter[tuple[State, str]] = field(default_factory=Counter)
    answer: str | None = None  # why the host counts as up
    silence: str = "no-response"  # why a port of it is filtered
    guesses: set[str] = field(default_factory=set)


class NmapXml:
    """One well-formed document when the scan ends, whether or not it ended early."""

    def __init__(self, stream: IO[str], request: Request) -> None:
        self._outlet = Outlet(stream)
        self._request = request
        self._hosts: dict[Host, _Findings] = {}

    def found(self, found: Found) -> None:
        findings = self._hosts.setdefault(Host.of(found), _Findings())
        if found.state is State.FILTERED:
            findings.silence = reason(found)
        elif findings.answer is None:
            findings.answer = reason(found)
        if found.os:
            findings.guesses.add(found.os)
        if self._request.show_all or found.state is State.OPEN:
            findings.shown.append(found)
        else:
            findings.hidden[found.state, reason(found)] += 1

    def finish(self, summary: Summary, *, interrupted: bool = False) -> None:
        for line in self._document(summary, interrupted=interrupted):
            self._outlet.write(f"{line}\n".encode())

    def _document(self, summary: Summary, *, interrupted: bool) -> Iterator[str]:
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield "<!DOCTYPE nmaprun>"
        yield "<!-- In nmap's format, but not from nmap: written by the scanner of Backend Climb. -->"
        yield f"<nmaprun{attributes(self._heading())}>"
        yield '<verbose level="0"/>'
        yield '<debugging level="0"/>'
        for host in sorted(self._hosts, key=lambda host: host.rank):
            yield _host_element(host, self._hosts[host])
        yield self._run_stats(summary, interrupted=interrupted)
        yield "</nmaprun>"

    def _heading(self) -> dict[str, object]:
        started = self._request.started_at
        return {
            "scanner": "nmap",  # the only name that the format knows
            "args": shlex.join(self._request.command_line),
            "start": int(started),
            "startstr": _date(started),
            "version": f"climb {climb.__version__}",
            "xmloutputversion": "1.05",
        }

    def _run_stats(self, summary: Summary, *, interrupted: bool) -> str:
        ended = self._request.started_at + summary.elapsed_s
        finished = {
            "time": int(ended),
            "timestr": _date(ended),
            "summary": sentence(summary, interrupted=interrupted),
            "elapsed": f"{summary.elapsed_s:.2f}",
            "exit": "error" if interrupted else "success",
            "errormsg": "interrupted" if interrupted else None,
        }
        up = sum(findings.answer is not None for findings in self._hosts.values())
        hosts = {"up": up, "down": 0, "total": summary.hosts}
        return element("runstats", {}, [element("finished", finished), element("hosts", hosts)])


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).ctime()


def _host_element(host: Host, findings: _Findings) -> str:
    # A host that answered nothing may be down or behind a firewall: silence doesn't tell, and we did not ask it twice.
    state, why = ("up", findings.answer) if findings.answer else ("unknown", findings.silence)
    address = {"addr": host.address, "addrtype": "ipv6" if ":" in host.address else "ipv4"}
    names = [element("hostname", {"name": host.name, "type": "user"})] if host.name != host.address else []
    children = [
        element("status", {"state": state, "reason": why, "reason_ttl": 0}),
        element("address", address),
        element("hostnames", {}, names),
        element("ports", {}, [*_extra_ports(findings), *_ports(findings)]),
        *_os_hints(findings),
    ]
    return element("host", {}, [f"\n{child}" for child in children] + ["\n"])


def _ports(findings: _Findings) -> Iterator[str]:
    for found in sorted(findings.shown, key=lambda found: found.port):
        yield "\n" + port_element(found)


def _extra_ports(findings: _Findings) -> Iterator[str]:
    """The ports that are not listed, counted by state and by reason."""
    for state in (State.CLOSED, State.FILTERED):
        reasons = {why: number for (of, why), number in findings.hidden.items() if of is state}
        if reasons:
            children = [
                element("extrareasons", {"reason": why, "count": number, "proto": "tcp"})
                for why, number in sorted(reasons.items())
            ]
            yield "\n" + element("extraports", {"state": state, "count": sum(reasons.values())}, children)


def _os_hints(findings: _Findings) -> Iterator[str]:
    """The system as a script's remark: nmap's ``os`` element would promise a fingerprint with a measured accuracy."""
    if findings.guesses:
        output = ", ".join(sorted(findings.guesses))
        yield element("hostscript", {}, [element("script", {"id": "climb-os-hint", "output": output})])
