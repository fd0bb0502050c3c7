"""climb stream plan, submit and stop: a pipeline as Flink SQL, shown, and on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from climb.cli.console import console, print_json
from climb.errors import SetupError, UsageError
from climb.systems.processor.flink.errors import FlinkError, GatewayRefusedError, NotOnFlinkError
from climb.systems.processor.flink.gateway import Gateway
from climb.systems.processor.flink.plan import Plan, plan
from climb.systems.processor.flink.submit import stop_job, submit
from climb.systems.processor.pipeline.errors import PipelineError
from climb.systems.processor.pipeline.reading import read_pipeline

__all__ = ["plan_command", "stop_command", "submit_command"]

_PIPELINE = click.argument("pipeline", type=click.Path(dir_okay=False, path_type=Path))
_ONCE = click.option("--once", is_flag=True, help="Read what is there and end, instead of waiting for more.")
_GATEWAY = click.option(
    "--gateway",
    required=True,
    envvar="CLIMB_FLINK_GATEWAY",
    metavar="URL",
    help="The cluster's SQL gateway, such as http://127.0.0.1:8083.  [env: CLIMB_FLINK_GATEWAY]",
)


@click.command("plan")
@_PIPELINE
@_ONCE
def plan_command(pipeline: Path, once: bool) -> None:
    """Show a pipeline as Flink SQL, with what differs there as comments.

    What is printed is what `climb stream submit` sends, and can be given to Flink's own SQL client as a file.

    \b
    Examples:
      climb stream plan sensors.toml
      climb stream plan sensors.toml --once > sensors.sql

    \b
    Exit codes: 0 printed, 2 the pipeline is wrong, or has no counterpart on Flink.
    """
    click.echo(_planned(pipeline, once).text(), nl=False)


@click.command("submit")
@_PIPELINE
@_ONCE
@_GATEWAY
@click.option("--json", is_flag=True, help="Print a JSON document and nothing else.")
def submit_command(pipeline: Path, once: bool, gateway: str, json: bool) -> None:
    """Run a pipeline on an Apache Flink cluster, through its SQL gateway.

    The cluster needs no package of ours; for Kafka it needs Flink's SQL connector for Kafka. The job goes on when this
    command has ended.

    \b
    Examples:
      climb stream submit sensors.toml --gateway http://127.0.0.1:8083
      climb stream submit sensors.toml --once --gateway http://127.0.0.1:8083

    \b
    Exit codes: 0 the job was started, 2 the pipeline is wrong or has no counterpart, 3 the cluster said no.
    """
    planned = _planned(pipeline, once)
    with _worded():
        job = submit(planned, Gateway(gateway))
    if json:
        print_json({"job_id": job.job_id, "flink": job.flink_version, "notes": list(planned.notes)})
        return
    out = console()
    out.print(f"Flink {job.flink_version} took it as job {job.job_id}.", highlight=False)
    for note in planned.notes:
        out.print(note, style="dim", highlight=False)
    out.print(f"Stop it with: climb stream stop {job.job_id} --gateway {gateway}", highlight=False, soft_wrap=True)


@click.command("stop")
@click.argument("job")
@_GATEWAY
def stop_command(job: str, gateway: str) -> None:
    """Stop a job that `climb stream submit` has started.

    \b
    Exit codes: 0 stopped, 3 the cluster said no.
    """
    with _worded():
        stop_job(job, Gateway(gateway))
    console().print(f"Job {job} is stopped.", highlight=False)


def _planned(pipeline: Path, once: bool) -> Plan:
    try:
        kafka = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or None
        return plan(read_pipeline(pipeline), follow=not once, kafka=kafka)
    except (PipelineError, NotOnFlinkError) as error:
        raise UsageError(str(error)) from error


@contextmanager
def _worded() -> Iterator[None]:
    """Errors of the cluster in the command's own family."""
    try:
        yield
    except GatewayRefusedError as error:
        what = error.statement.strip().partition("\n")[0].rstrip(" (")
        raise SetupError(f"Flink refused {what or 'to answer'}: {error.reason}") from error
    except FlinkError as error:
        raise SetupError(
            str(error), next_step="is Flink's SQL gateway running, and is --gateway its address?"
        ) from error
