"""Logs: an event and its fields, with the request and the trace that they belong to.

Events are logged with the standard library: ``log.info("link_created", extra={"code": code})``.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from climb.stack.telemetry.current import request_id, trace_id

__all__ = ["JsonLines", "ReadableLines", "set_up_logs"]

_OURS = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})


def set_up_logs(stream: TextIO = sys.stderr, *, level: int = logging.INFO) -> None:
    """Let everything be logged to ``stream``: for people if that is a terminal, else as lines of JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ReadableLines() if stream.isatty() else JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


class JsonLines(logging.Formatter):
    """A record as a JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        document = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields(record),
        }
        return msgspec.json.encode(document, enc_hook=str).decode()


class ReadableLines(logging.Formatter):
    """A record as a person reads it: the time, the event, its fields; a traceback stands below."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        error = fields.pop("error", "")
        said = " ".join(f"{name}={_harmless(str(value))}" for name, value in fields.items())
        line = f"{_at(record)[11:23]} {record.levelname.lower():7} {record.getMessage()} {said}".rstrip()
        return f"{line}\n{error}".rstrip()


def _harmless(text: str) -> str:
    """What people sent can neither begin a line nor speak to the terminal."""
    return text if text.isprintable() else repr(text)


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {"logger": record.name, "request_id": request_id.get(), "trace_id": trace_id.get()}
    given = {name: value for name, value in vars(record).items() if name not in _OURS}
    error = "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
    return {name: value for name, value in {**fields, **given, "error": error}.items() if value != ""}
