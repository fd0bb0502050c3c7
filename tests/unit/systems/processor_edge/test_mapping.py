"""From records to readings."""

import pytest

from climb.systems.processor.pipeline.model import Elsewhere, Fields
from climb.systems.processor.sources.mapping import Around, BadRecord, Mapping, Reading, line_of

PLAIN = Fields()


@pytest.mark.parametrize(
    ("fields", "record", "around", "reading"),
    [
        (PLAIN, b'{"sensor":"a","ts":5,"value":1,"x":[]}', Around(), Reading("a", None, 5, 1.0)),
        (Fields(sensor="d"), b'{"d":17,"ts":5,"value":1}', Around(), Reading("17", None, 5, 1.0)),
        (Fields(seq="n"), b'{"sensor":"a","n":9,"ts":5,"value":1}', Around(), Reading("a", 9, 5, 1.0)),
        (Fields(ts="t", ts_unit="s"), b'{"sensor":"a","t":1.5,"value":1}', Around(), Reading("a", None, 1500, 1.0)),
        (Fields(ts_unit="ns"), b'{"sensor":"a","ts":1999999,"value":1}', Around(), Reading("a", None, 1, 1.0)),
        (
            Fields(ts_unit="rfc3339"),
            b'{"sensor":"a","ts":"1970-01-01T01:00:01.25+01:00","value":1}',
            Around(),
            Reading("a", None, 1250, 1.0),
        ),
        (
            Fields(sensor=Elsewhere(constant="b"), prefix="p."),
            b'{"ts":5,"value":1}',
            Around(),
            Reading("p.b", None, 5, 1.0),
        ),
        (Fields(sensor=Elsewhere(source="key")), b'{"ts":5,"value":1}', Around(key="k"), Reading("k", None, 5, 1.0)),
        (
            Fields(sensor=Elsewhere(source="topic")),
            b'{"ts":5,"value":1}',
            Around(topic="a/b"),
            Reading("a:b", None, 5, 1.0),
        ),
        (
            Fields(sensor=Elsewhere(source="file"), ts=Elsewhere(source="arrival"), value=Elsewhere(source="payload")),
            b"2.5",
            Around(file="f"),
            Reading("f", None, 7000, 2.5),
        ),
    ],
)
def test_a_record_is_read_as_its_fields_say(fields: Fields, record: bytes, around: Around, reading: Reading) -> None:
    """Names, units, constants and what is around the record give the reading."""
    assert Mapping(fields, "sensor", clock=lambda: 7.0).reading(record, around) == reading


@pytest.mark.parametrize(
    ("fields", "record", "why"),
    [
        (PLAIN, b"[]", "expected object, got array"),
        (PLAIN, b'{"ts":5,"value":1}', "object missing required field sensor"),
        (PLAIN, b'{"sensor":"a b","ts":5,"value":1}', 'sensor: expected 1 to 64 letters, digits, . _ : -, got "a b"'),
        (PLAIN, b'{"sensor":"a","ts":"5","value":1}', "ts: expected int, got str"),
        (PLAIN, b'{"sensor":"a","ts":-1,"value":1}', "ts: expected a time from 1970 on, in ms, got -1"),
        (PLAIN, b'{"sensor":"a","ts":5,"value":true}', "value: expected float, got bool"),
        (
            Fields(seq="n"),
            b'{"sensor":"a","n":0,"ts":5,"value":1}',
            "n: expected a whole number from 1 to 2^53 - 1, got 0",
        ),
        (Fields(sensor=Elsewhere(source="key")), b'{"ts":5,"value":1}', "the message has no key"),
    ],
)
def test_a_bad_record_is_refused_with_the_reason(fields: Fields, record: bytes, why: str) -> None:
    """What the processor would not take is not sent."""
    with pytest.raises(BadRecord) as caught:
        Mapping(fields, "sensor").reading(record)

    assert str(caught.value) == why


def test_a_line_is_the_contracts() -> None:
    """A reading is one JSON object and a newline."""
    assert line_of("a:b", 3, 5, 1e300) == b'{"sensor":"a:b","seq":3,"ts":5,"value":1e+300}\n'
