"""A plan, carried out by a SQL gateway: its session's options, its tables, and the job, which goes on without us."""

from __future__ import annotations

from dataclasses import dataclass

from climb.systems.processor.flink import sql
from climb.systems.processor.flink.errors import GatewayRefusedError
from climb.systems.processor.flink.gateway import Gateway, Rows, Session
from climb.systems.processor.flink.plan import Plan

__all__ = ["Submitted", "read_windows", "stop_job", "submit"]

SUBMIT_S = 120.0  # the first job of a cluster compiles the planner's classes
STOP_S = 120.0


@dataclass(frozen=True)
class Submitted:
    """A job that runs on a cluster."""

    job_id: str
    flink_version: str


def submit(plan: Plan, gateway: Gateway) -> Submitted:
    """Start the plan's job; raise FlinkError if that fails. What a failed try created goes with its session."""
    version = gateway.version()
    with gateway.session(plan.options) as session:
        _create(plan, session)
        job = session.run(plan.job, timeout_s=SUBMIT_S)
    if job.job_id is None:
        raise GatewayRefusedError(plan.job, "the gateway took the statement, and named no job")
    return Submitted(job.job_id, version)


def read_windows(plan: Plan, gateway: Gateway, *, timeout_s: float) -> Rows:
    """Run the plan without its sinks on an input that ends, and return all its windows."""
    with gateway.session(plan.options) as session:
        _create(plan, session)
        return session.run(plan.query, timeout_s=timeout_s)


def stop_job(job_id: str, gateway: Gateway) -> None:
    """End a job; what it has not yet shown with a checkpoint is not shown."""
    with gateway.session() as session:
        session.run(f"STOP JOB {sql.text(job_id)}", timeout_s=STOP_S)


def _create(plan: Plan, session: Session) -> None:
    for statement in plan.tables:
        session.run(statement)
