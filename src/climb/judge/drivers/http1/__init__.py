"""HTTP/1.1 as a strict client speaks it: requests as bytes, and bytes read as answers. Pure; the sockets are elsewhere."""

from climb.judge.drivers.http1.answers import Answer, Framing, Interim
from climb.judge.drivers.http1.by_hand import Sent, Spoken, by_hand
from climb.judge.drivers.http1.drafts import Asked
from climb.judge.drivers.http1.fields import Fields, Headers
from climb.judge.drivers.http1.reader import AnswerReader
from climb.judge.drivers.http1.requests import chunked, request
from climb.judge.drivers.http1.violations import Violation

__all__ = [
    "Answer",
    "AnswerReader",
    "Asked",
    "Fields",
    "Framing",
    "Headers",
    "Interim",
    "Sent",
    "Spoken",
    "Violation",
    "by_hand",
    "chunked",
    "request",
]
