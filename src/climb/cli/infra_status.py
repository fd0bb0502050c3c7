"""climb infra status: what runs, what should and does not, and where to read why."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from climb.cli.console import print_json, printable, symbols
from climb.cli.infra_servers import told
from climb.errors import SetupError
from climb.home import home_folder
from climb.stack.health import Condition, Health, health
from climb.stack.kinds import KINDS

__all__ = ["status"]

_WELL = {Condition.OFF, Condition.STARTING, Condition.RUNNING}


@click.command()
@click.option("--json", is_flag=True, help="Print a JSON document, with the addresses whole.")
def status(json: bool) -> int:
    """Show which servers run, since when, their memory, address and log; and what ended without being told to.

    The exit code is 3 if a server that was started does not answer or is gone.

    \b
    Examples:
      climb infra status
      climb infra status --json
    """
    with told():
        found = [health(home_folder(), kind) for kind in KINDS]
    if json:
        print_json({"servers": [_document(each) for each in found]})
    else:
        click.echo("\n".join(line for each in found for line in _lines(each)))
    return 0 if all(each.condition in _WELL for each in found) else SetupError.exit_code


def _lines(each: Health) -> list[str]:
    record, signs = each.record, symbols()
    sign = {Condition.RUNNING: signs.passed, Condition.OFF: signs.waiting, Condition.STARTING: signs.waiting}
    lines = [f"  {sign.get(each.condition, signs.failed)} {each.kind.name:<9}{_title(each):<21}{_how(each)}"]
    if each.stranger:
        lines.append(f"      its port {record and record.port} now belongs to {printable(each.stranger)}")
    if record and each.condition is not Condition.OFF:
        lines.append(f"      log  {printable(record.log)}")
    if step := _next_step(each):
        lines.append(f"      try: {step}")
    return lines


def _title(each: Health) -> str:
    return f"{each.kind.title} {each.record.version if each.record else ''}".rstrip()


def _how(each: Health) -> str:
    record = each.record
    if record is None or each.condition is Condition.OFF:
        return "is off" if record is None or not each.kind.keeps_data else "is off; its data are kept"
    if each.condition is Condition.STARTING:
        return "is starting"
    if each.condition is Condition.RUNNING:
        memory = f"{(each.memory_bytes or 0) / 1e6:.0f} MB"
        return f"127.0.0.1:{record.port}   since {_local(record.since)}   {memory}"
    if each.condition is Condition.SILENT:
        return f"does not answer on 127.0.0.1:{record.port}, though process {record.server} is there"
    if each.condition is Condition.FAILED:
        return "did not start"
    if each.condition is Condition.ENDED:
        return f"has ended by itself, with {record.code}"
    return "was ended when the machine went down" if each.rebooted else "was killed together with what held it"


def _next_step(each: Health) -> str:
    name = each.kind.name
    if each.condition is Condition.SILENT:
        return f"climb infra down {name} && climb infra up {name}"
    return "" if each.condition in _WELL else f"climb infra up {name}"


def _local(since: float) -> str:
    return datetime.fromtimestamp(since, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _document(each: Health) -> dict[str, object]:
    record = each.record
    running = each.condition in {Condition.RUNNING, Condition.SILENT}
    return {
        "name": each.kind.name,
        "condition": each.condition.value,
        "variable": each.kind.variable,
        "version": record.version if record else None,
        "address": record.address if record and running else None,
        "port": record.port if record else None,
        "process": record.server if record and running else None,
        "since": datetime.fromtimestamp(record.since, UTC).isoformat() if record and running else None,
        "memory_bytes": each.memory_bytes,
        "data": record.folder if record and each.kind.keeps_data else None,
        "log": record.log if record else None,
        "port_taken_by": each.stranger or None,
    }
