"""Programs that read nmap's results read ours."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from climb.systems.scanner.model import Found, Http, State, Summary, Tls
from climb.systems.scanner.output import make_writer

DTD = Path("/usr/share/nmap/nmap.dtd")

needs_dtd = pytest.mark.skipif(
    not (shutil.which("xmllint") and DTD.exists()),
    reason=f"needs xmllint and {DTD} (Debian: libxml2-utils, nmap-common)",
)
needs_ndiff = pytest.mark.skipif(not shutil.which("ndiff"), reason="needs ndiff (Debian: ndiff)")

HOSTILE = "\"'<!-- ]]> &amp; \x00\x1b\x9b\ud800\uffff\r\n\t é 日本"

RICH = [
    Found(
        host="example.test",
        address="2001:db8::7",
        port=8443,
        state=State.OPEN,
        rtt_ms=0.21,
        service="https",
        http=Http(status=301, server="nginx/1.24.0 (Ubuntu)", title=HOSTILE, location=HOSTILE),
        tls=Tls(version="TLSv1.3", subject=HOSTILE, issuer="CA", not_after="2027-01-31T12:00:00Z", alpn="h2"),
        os="Linux",
        reason="syn-ack",
    ),
    Found(host="192.0.2.7", port=22, state=State.OPEN, service="ssh", banner=HOSTILE),
    Found(host="192.0.2.7", port=25, state=State.OPEN),
    Found(host="192.0.2.7", port=80, state=State.CLOSED, reason="rst"),
    Found(host="192.0.2.8", port=80, state=State.FILTERED, reason="no-response"),
]

# At most one script a port: the ndiff of Debian 12 fails to sort two of them, in nmap's own files too.
SIMPLE = [
    Found(host="192.0.2.7", port=22, state=State.OPEN, service="ssh", banner="SSH-2.0-OpenSSH_9.2"),
    Found(host="192.0.2.7", port=8443, state=State.OPEN, service="https", tls=Tls(subject="example.org")),
    Found(host="192.0.2.7", port=80, state=State.CLOSED),
    Found(host="192.0.2.8", port=80, state=State.FILTERED),
]

Scan = Callable[..., Path]


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    def write(name: str, results: Iterable[Found], *, show_all: bool = False, interrupted: bool = False) -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8") as stream:
            writer = make_writer(
                "nmap-xml",
                stream,
                command_line=["climb", "scan", "--ports", "1-100", "a<b"],
                show_all=show_all,
                started_at=datetime(2026, 11, 22, tzinfo=UTC).timestamp(),
            )
            for found in results:
                writer.found(found)
            summary = Summary(hosts=3, ports=9, open=3, closed=3, filtered=3, elapsed_s=1.5)
            writer.finish(summary, interrupted=interrupted)
        return path

    return write


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, encoding="utf-8", timeout=60)


@needs_dtd
@pytest.mark.parametrize("show_all", [False, True])
@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("results", [RICH, []], ids=["rich", "empty"])
def test_the_document_is_valid_by_nmaps_own_definition(scan, results, show_all, interrupted) -> None:
    """Every shape of result obeys nmap's document type, whatever the servers sent."""
    path = scan("scan.xml", results, show_all=show_all, interrupted=interrupted)

    checked = run("xmllint", "--noout", "--dtdvalid", DTD, path)

    assert checked.stderr == ""
    assert checked.returncode == 0


@needs_ndiff
def test_ndiff_finds_no_change_between_two_equal_scans(scan) -> None:
    """ndiff reads our document without complaint, and a result does not differ from itself."""
    compared = run("ndiff", scan("a.xml", SIMPLE), scan("b.xml", SIMPLE))

    assert (compared.returncode, compared.stderr) == (0, "")
    assert not [line for line in compared.stdout.splitlines() if line.startswith(("+", "-"))]


@needs_ndiff
def test_ndiff_names_the_port_that_was_opened(scan) -> None:
    """A service that appeared between two scans is what ndiff reports, with the name we gave it."""
    compared = run("ndiff", scan("a.xml", SIMPLE[1:]), scan("b.xml", SIMPLE))

    added = [line.split() for line in compared.stdout.splitlines() if line.startswith("+")]
    assert compared.returncode == 1
    assert ["+22/tcp", "open", "ssh"] in added
    assert any("SSH-2.0-OpenSSH_9.2" in line for line in added)


@needs_ndiff
def test_ndiff_reads_an_interrupted_scan(scan) -> None:
    """A scan that was stopped is as readable as a finished one."""
    compared = run("ndiff", scan("a.xml", SIMPLE), scan("b.xml", SIMPLE[:1], interrupted=True))

    assert compared.stderr == ""
    assert any(line.startswith("-") and "8443/tcp" in line for line in compared.stdout.splitlines())
