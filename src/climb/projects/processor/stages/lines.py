"""Lines to send: good ones in every form that JSON allows, and bad ones, each bad in one way."""

from __future__ import annotations

import random

from climb.projects.processor.rules import Reading

__all__ = ["LONGEST", "bad_fields", "bad_objects", "padded", "unusual_forms"]

LONGEST = 4_096  # bytes of a line, without its newline
_TOO_FAR = 2**53


def bad_objects(reading: Reading) -> list[bytes]:
    """Lines that are no JSON object in UTF-8, each close to the line of ``reading``."""
    good = reading.line().rstrip()
    return [
        b"hello",
        b"17",
        b"null",
        b'"' + reading.sensor.encode() + b'"',
        b"[" + good + b"]",
        good[:-1],
        good[: len(good) // 2],
        good + good,
        good + b",",
        good[:-1] + b",}",
        good.replace(b'"', b"'"),
        good.replace(b'"seq"', b"seq"),
        good[:-1] + b', "note": "a\tb"}',  # control characters stand in a text only as escapes
        good[:-1] + b', "note": "\xff\xfe"}',  # no UTF-8, in a field that is ignored
        good[:-1] + b', "note": "\\x41"}',
        good[:-1] + b', "note": tru}',
        b"{}",
    ]


def bad_fields(reading: Reading) -> list[bytes]:
    """JSON objects with one field that is missing or not allowed."""
    fields = {
        "sensor": f'"{reading.sensor}"',
        "seq": str(reading.seq),
        "ts": str(reading.ts),
        "value": "1.5",
    }
    wrong = {
        "sensor": ('""', '"two words"', '"s/1"', '"sé"', '"' + "n" * 65 + '"', "17", "null", '["s1"]', '"s1\\n"'),
        "seq": ("0", "-1", "1.0", "1e0", '"17"', "null", "true", str(_TOO_FAR), "99999999999999999999999", "[1]"),
        "ts": ("-1", "1.5", "17e8", '"soon"', "null", "false", str(_TOO_FAR), "{}"),
        "value": ('"1.5"', "null", "true", "NaN", "Infinity", "-Infinity", "1e400", "-1e999", "[1.5]", ".5", "1.", "+1", "0x10", "01"),
    }  # fmt: skip
    lines = [_object({**fields, name: text}) for name, texts in wrong.items() for text in texts]
    lines += [_object({key: text for key, text in fields.items() if key != name}) for name in fields]
    return lines


def unusual_forms(reading: Reading, rng: random.Random) -> list[bytes]:
    """Lines that all mean ``reading``, whose value must be a whole number."""
    fields = [
        f'"sensor":"{reading.sensor}"',
        f'"seq":{reading.seq}',
        f'"ts":{reading.ts}',
        f'"value":{reading.value:.0f}',
    ]
    shuffled = rng.sample(fields, len(fields))
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in reading.sensor)
    in_one = ",".join
    return [
        f"{{{in_one(shuffled)}}}".encode(),
        f" \t{{ {' , '.join(fields)}\t}} \r".encode().replace(b":", b" : ")
        if ":" not in reading.sensor
        else f" {{{in_one(fields)}}}\r".encode(),
        f'{{{in_one(fields)},"unit":"°C","tags":["a",{{"seq":0}},null],"sensor ":5,"SEQ":0,"Value":false,"":""}}'.encode(),
        f'{{"note":"\\"seq\\":99, \\\\ }}{{",{in_one(fields)}}}'.encode(),
        f'{{"sensor":"{escaped}",{in_one(fields[1:])}}}'.encode(),
        f'{{{in_one(fields[:3])},"value":{reading.value * 10:.0f}e-1}}'.encode(),
        f'{{{in_one(fields[:3])},"value":{reading.value:.0f}.000}}'.encode(),
        f'{{{in_one(fields[:3])},"value":{reading.value / 100!r}E+2}}'.encode(),
    ]


def padded(reading: Reading, size: int) -> bytes:
    """The line of ``reading``, made ``size`` bytes long by a field that is ignored, without its newline."""
    start = reading.line().rstrip()[:-1] + b', "pad": "'
    return start + b"x" * (size - len(start) - 2) + b'"}'


def _object(fields: dict[str, str]) -> bytes:
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in fields.items()) + "}").encode()
