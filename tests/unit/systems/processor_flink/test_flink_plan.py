"""Pipelines as Flink SQL: what stands there, what is left out, and what is refused."""

import pytest

from climb.systems.processor.flink.errors import NotOnFlinkError
from climb.systems.processor.flink.plan import Plan, plan
from climb.systems.processor.pipeline.reading import decode_pipeline

FILE = '[[sources]]\ntype = "file"\npath = "/data/in.jsonl"\n'
KAFKA = '[[sources]]\ntype = "kafka"\ntopic = "readings"\nbrokers = "one:9092"\n'


def planned(text: str, *, follow: bool = True, kafka: str | None = None) -> Plan:
    return plan(decode_pipeline(text.encode()), follow=follow, kafka=kafka)


def statement(of: Plan, beginning: str) -> str:
    """The only statement that begins so."""
    (found,) = (one for one in of.tables if one.startswith(beginning))
    return found


def test_windows_that_tumble_name_one_length() -> None:
    """A pipeline without a slide becomes TUMBLE with the window's length."""
    windows = statement(planned(f'[window]\nlength = "90s"\n{FILE}'), "CREATE TEMPORARY VIEW `windows`")

    assert "TUMBLE(TABLE `readings`, DESCRIPTOR(`climb_at`), INTERVAL '0 00:01:30.000' DAY TO SECOND(3))" in windows


def test_windows_that_slide_name_the_slide_first() -> None:
    """A pipeline with a slide becomes HOP, with the slide before the length, and no window before 1970."""
    windows = statement(
        planned(f'[window]\nlength = "10s"\nslide = "2500ms"\n{FILE}'), "CREATE TEMPORARY VIEW `windows`"
    )

    assert "INTERVAL '0 00:00:02.500' DAY TO SECOND(3), INTERVAL '0 00:00:10.000' DAY TO SECOND(3))" in windows
    assert windows.rstrip(")").endswith("HAVING `window_start` >= TIMESTAMP '1970-01-01 00:00:00.000'")


def test_the_watermark_is_a_millisecond_behind_the_lateness() -> None:
    """With the millisecond that Flink's watermarks include, both close a window at the same reading."""
    source = statement(planned(f'[window]\nlateness = "2s"\n{FILE}'), "CREATE TEMPORARY TABLE source_1")

    assert "WATERMARK FOR `climb_at` AS `climb_at` - INTERVAL '0 00:00:02.001' DAY TO SECOND(3)" in source


def test_duplicates_are_found_only_where_readings_have_numbers() -> None:
    """A source whose records have no numbers is not searched for duplicates."""
    without = statement(planned(FILE), "CREATE TEMPORARY VIEW readings_1")
    numbered = statement(planned(FILE + 'fields = { seq = "n" }\n'), "CREATE TEMPORARY VIEW readings_1")

    assert "highest" not in without
    assert "CAST(`n` AS BIGINT) AS `seq`" in numbered
    assert "`seq` > `highest_before`" in numbered


def test_values_are_collected_only_for_percentiles() -> None:
    """Without a percentile among the aggregates, no window keeps its values."""
    some = statement(planned(f'aggregates = ["count", "p95"]\n{FILE}'), "CREATE TEMPORARY VIEW `windows`")
    none = statement(planned(f'aggregates = ["count", "max"]\n{FILE}'), "CREATE TEMPORARY VIEW `windows`")

    assert "`sorted`[CAST((`n` * 95 + 99) / 100 AS INT)] AS `p95`" in some
    assert "ARRAY_AGG" not in none
    assert "MIN(" not in none


def test_several_sources_are_one_stream() -> None:
    """The readings of all sources meet in one view."""
    readings = statement(planned(FILE + KAFKA), "CREATE TEMPORARY VIEW `readings`")

    assert readings.splitlines()[1:] == ["SELECT * FROM readings_1", "UNION ALL", "SELECT * FROM readings_2"]


def test_kafka_follows_or_ends() -> None:
    """A topic is read on for ever, or up to where it ends now."""
    followed = statement(planned(KAFKA), "CREATE TEMPORARY TABLE source_1")
    once = statement(planned(KAFKA, follow=False), "CREATE TEMPORARY TABLE source_1")

    assert "scan.bounded.mode" not in followed
    assert "'scan.bounded.mode' = 'latest-offset'" in once


def test_names_and_texts_cannot_end_early() -> None:
    """A quote in a field's name or in a topic stays part of it."""
    source = statement(
        planned(KAFKA.replace("readings", "it's") + "fields = { value = 'a`b' }\n"), "CREATE TEMPORARY TABLE source_1"
    )

    assert "'topic' = 'it''s'" in source
    assert "`a``b` DOUBLE" in source


def test_sinks_without_a_counterpart_are_left_out_with_a_note() -> None:
    """An HTTP sink is no table; if no other is left, the windows are printed."""
    found = planned(f'{FILE}[[sinks]]\ntype = "http"\n')

    assert found.job.startswith("INSERT INTO sink_print ")
    assert "sinks[0]: http has no counterpart on Flink, and is left out." in found.notes


def test_several_sinks_are_one_job() -> None:
    """All sinks are inserted into by one statement set, so that the input is read once."""
    found = planned(
        f'{FILE}[[sinks]]\ntype = "file"\npath = "/o"\n[[sinks]]\ntype = "kafka"\ntopic = "t"\nbrokers = "b:1"\n'
    )

    assert found.job.startswith("EXECUTE STATEMENT SET\nBEGIN\n")
    assert found.job.count("INSERT INTO") == 2


def test_the_text_is_a_file_for_flinks_client() -> None:
    """Notes are comments, and options and statements end with a semicolon."""
    lines = planned(FILE).text().splitlines()

    assert lines[0].startswith("-- ")
    assert "SET 'table.local-time-zone' = 'UTC';" in lines
    assert lines[-1].endswith("FROM `windows`;")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[sources]]\ntype = "tcp"\n', "sources[0]: Flink SQL can't read from tcp"),
        ('[[sources]]\ntype = "kafka"\ntopic = "t"\n', "names no Kafka brokers"),
        (FILE + 'fields = { ts = { from = "arrival" } }\n', "sources[0].fields.ts"),
    ],
)
def test_what_flink_cannot_do_is_refused(text: str, words: str) -> None:
    """What has no counterpart is named with its place, before anything is sent."""
    with pytest.raises(NotOnFlinkError, match=words.replace("[", r"\[").replace(".", r"\.")):
        planned(text)
