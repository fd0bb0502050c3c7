from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from climb.systems.scanner.model import Http, State
from climb.systems.scanner.output.jsonlines import JsonLines
from climb.systems.scanner.output.writer import Request

REQUEST = Request(command_line=("climb",), show_all=False, started_at=datetime(2026, 11, 22, tzinfo=UTC).timestamp())


def test_each_port_is_one_compact_line(written, make_found) -> None:
    """A result is one line without blanks between its parts, in the order of the contract."""
    first = written("json", [make_found(service="http")]).splitlines()[0]

    assert first.startswith('{"host":"192.0.2.7","port":80,"state":"open","rtt_ms":0.21,"service":"http","banner":null')


def test_what_is_absent_is_null_in_every_object(written, make_found) -> None:
    """Missing facts are null, in the object of HTTP too."""
    line = json.loads(written("json", [make_found(http=Http(status=204))]).splitlines()[0])

    assert line["tls"] is None
    assert line["http"] == {"status": 204, "server": None, "title": None, "location": None}


def test_the_last_line_is_the_summary(written, make_found) -> None:
    """The summary stands alone on the last line, in the contract's words."""
    last = json.loads(written("json", [make_found()]).splitlines()[-1])

    assert last == {"summary": {"hosts": 1, "ports": 8, "open": 1, "closed": 6, "filtered": 1, "elapsed_s": 1.02}}


def test_an_interrupted_scan_says_so(written) -> None:
    """Whoever keeps the output sees later that the scan did not end by itself."""
    last = json.loads(written("json", interrupted=True).splitlines()[-1])

    assert last["interrupted"] is True


def test_a_line_is_there_as_soon_as_it_is_known(make_found) -> None:
    """A line leaves our buffers with the result, not with the end of the scan."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")

    JsonLines(stream, REQUEST).found(make_found())

    assert raw.getvalue().endswith(b"}\n")


def test_the_output_is_utf8_whatever_the_locale(make_found) -> None:
    """A stream that speaks ASCII does not keep a title from being written in UTF-8."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="ascii")

    JsonLines(stream, REQUEST).found(make_found(http=Http(title="日本")))

    assert "日本".encode() in raw.getvalue()


def test_an_escaped_control_character_means_the_same(written, make_found) -> None:
    """What a terminal might obey is written as an escape, which a parser turns back."""
    text = written("json", [make_found(banner="é\x9b31m")])

    assert r"é\u009b31m" in text
    assert json.loads(text.splitlines()[0])["banner"] == "é\x9b31m"


def test_what_was_printed_before_comes_first(make_found) -> None:
    """Text that waits in the stream's own buffer is not overtaken."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    stream.write("before\n")

    JsonLines(stream, REQUEST).found(make_found(state=State.OPEN))

    assert raw.getvalue().startswith(b"before\n{")
