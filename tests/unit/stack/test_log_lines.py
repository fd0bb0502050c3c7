"""Logs: an event and its fields in a line, for programs or for people."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from climb.stack.secret import Secret
from climb.stack.telemetry.current import request_id, trace_id
from climb.stack.telemetry.logs import JsonLines, ReadableLines, set_up_logs


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    before, level = logger.handlers, logger.level
    yield logger
    logger.handlers = before
    logger.setLevel(level)


def record(event: str, **fields: object) -> logging.LogRecord:
    return logging.getLogger("notes").makeRecord("notes", logging.INFO, "file.py", 1, event, (), None, extra=fields)


def test_a_line_is_json_with_the_event_and_its_fields() -> None:
    """And nothing of what the logging library keeps for itself."""
    line = json.loads(JsonLines().format(record("link_created", code="spring", clicks=0)))

    assert line.pop("at").endswith("Z")
    assert line == {"level": "info", "event": "link_created", "logger": "notes", "code": "spring", "clicks": 0}


def test_request_and_trace_are_named_while_there_are_some() -> None:
    """Whoever logs does not say them."""
    request, trace = request_id.set("abc"), trace_id.set("def")
    try:
        line = json.loads(JsonLines().format(record("asked")))
    finally:
        request_id.reset(request)
        trace_id.reset(trace)

    assert (line["request_id"], line["trace_id"]) == ("abc", "def")


@pytest.mark.parametrize("formatter", [JsonLines(), ReadableLines()])
def test_secrets_and_line_ends_do_no_harm(formatter: logging.Formatter) -> None:
    """A secret is stars, and what people sent can't begin a line of its own."""
    text = formatter.format(record("login", password=Secret("hunter2"), email="a\n2026 forged line"))

    assert "hunter2" not in text
    assert "***" in text
    assert "\n" not in text


def test_errors_have_their_traceback(root: logging.Logger) -> None:
    """In one line of JSON."""
    out = io.StringIO()
    set_up_logs(out)
    try:
        {}["gone"]
    except LookupError:
        logging.getLogger("notes").exception("failed")
    (line,) = out.getvalue().splitlines()

    assert "KeyError: 'gone'" in json.loads(line)["error"]


def test_a_terminal_gets_lines_to_read(root: logging.Logger) -> None:
    """The time, the level, the event, its fields."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    set_up_logs(out)
    logging.getLogger("notes").info("link_created", extra={"code": "spring"})

    assert out.getvalue()[12:] == " info    link_created logger=notes code=spring\n"
