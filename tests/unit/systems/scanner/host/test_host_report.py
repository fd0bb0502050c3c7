from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from climb.systems.scanner import host
from climb.systems.scanner.host.report import (
    Address,
    Cpu,
    HostReport,
    Interface,
    Listener,
    Load,
    Memory,
    Process,
    System,
)
from climb.systems.scanner.host.units import size, span

NOW = datetime(2026, 11, 22, tzinfo=UTC)

EMPTY = HostReport(taken_at=NOW, system=System(), cpu=Cpu(), memory=Memory(), interfaces=[], listeners=[])

FULL = HostReport(
    taken_at=NOW,
    system=System(hostname="web-1", os="Debian", kernel="6.1", architecture="x86_64", uptime_s=93600, booted_at=NOW),
    cpu=Cpu(model="Example", logical=8, cores=4, usable=2, quota=1.5, mhz=3000.0, max_mhz=3500.0),
    load=Load(minute=0.5, five_minutes=1, fifteen_minutes=2),
    memory=Memory(total_bytes=2**34, available_bytes=2**33, limit_bytes=2**30, swap_total_bytes=0),
    interfaces=[
        Interface(
            name="eth0",
            state="up",
            mac="02:fc:00:00:00:01",
            mtu=1500,
            ipv4=[Address(address="192.0.2.2", prefix=24)],
            ipv6=[Address(address="2001:db8:1234:5678:9abc:def0:1234:5678", prefix=64)],
            rx_bytes=1536,
            tx_bytes=0,
        )
    ],
    listeners=[
        Listener(
            protocol="tcp", address="0.0.0.0", port=80, processes=[Process(pid=1, name="nginx\x1b"), Process(pid=2)]
        ),
        Listener(protocol="tcp", address="::1", port=5432, user="postgres", hidden=True, waiting=3),
        Listener(protocol="udp", address="192.0.2.2", port=53, user="root"),
    ],
)


def text_of(report: HostReport, kind: str = "table") -> str:
    stream = io.StringIO()
    host.render(report, kind, stream)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def terminal(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_system_without_proc_is_unsupported(machine) -> None:
    """The error says what is missing, instead of a report full of nothing."""
    with pytest.raises(host.Unsupported, match="no /proc"):
        host.describe(machine({}))


def test_a_bare_container_gives_a_report_of_nulls(machine) -> None:
    """With nothing but a process of its own, a system is described as far as it can be."""
    report = host.describe(machine({"proc/self/stat": "1 (x) R"}))

    assert (report.load, report.memory.total_bytes, report.cpu.model, report.listeners) == (None, None, None, [])


def test_json_holds_the_whole_report() -> None:
    """The document has every field, null where nothing is known."""
    document = json.loads(text_of(EMPTY, "json"))

    assert document["taken_at"] == "2026-11-22T00:00:00Z"
    assert document["load"] is None
    assert document["system"]["os"] is None


def test_a_report_of_nulls_can_be_shown() -> None:
    """What is unknown is called so."""
    text = text_of(EMPTY)

    assert "system     unknown" in text
    assert "No socket listens here." in text


def test_owners_are_named_or_the_reason_why_not(monkeypatch) -> None:
    """A socket shows its process, or whether privileges are missing, or that no process here has it."""
    monkeypatch.setenv("COLUMNS", "120")

    lines = text_of(FULL).partition("Listening\n")[2].splitlines()[1:]

    assert lines == [
        "  0.0.0.0:80    tcp       anywhere      nginx\ufffd 1 and 1 more",
        "  [::1]:5432    tcp       this machine  not visible without privileges (user postgres), 3 waiting",
        "  192.0.2.2:53  udp       its network   the kernel or another container (user root)",
    ]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(columns, monkeypatch) -> None:
    """A table that does not fit becomes cards, with all that was in it."""
    monkeypatch.setenv("COLUMNS", str(columns))

    text = text_of(FULL)

    assert max(map(len, text.splitlines())) <= columns
    assert "2001:db8:1234:5678:9abc:def0:1234:5678/64" in "".join(text.split())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1024 * 999, "999.0 KiB"),
        (1024 * 1023, "1.0 MiB"),
        (2**62, "4194304.0 TiB"),
    ],
)
def test_sizes_in_fitting_units(number, text) -> None:
    """A size has at most three figures before the unit grows, as far as there are units."""
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0 s"), (59, "59 s"), (60, "1 min"), (3660, "1 h 1 min"), (93660, "1 d 2 h")]
)
def test_spans_in_fitting_units(seconds, text) -> None:
    """A span of time is told in the two largest units."""
    assert span(seconds) == text
