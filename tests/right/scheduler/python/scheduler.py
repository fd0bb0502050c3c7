"""An OS scheduler emulator: a workload comes in, and the schedule that a policy makes of it goes out."""

import json
import sys

from measures import measures
from options import parse_options
from policies import POLICIES
from refusal import Refusal
from simulator import Simulator
from workload import read_workload


def main():
    try:
        options = parse_options(sys.argv[1:])
        workload = read_workload(workload_bytes(options.workload))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(2)
    policy = POLICIES[options.policy](options)
    simulator = Simulator(workload, policy, per_cpu=options.queues == "per-cpu")
    simulator.run()
    tasks, summary = measures(simulator, workload)
    json.dump(
        {"policy": options.policy, "timeline": timeline(simulator), "tasks": tasks, "summary": summary}, sys.stdout
    )
    print()


def workload_bytes(path):
    if path is None:
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise Refusal(f"--workload: cannot be read: {error}") from error


def timeline(simulator):
    return [
        {"cpu": processor.number, "task": task.id, "start": start, "end": end}
        for processor in simulator.processors
        for task, start, end in processor.segments
    ]


if __name__ == "__main__":
    main()
