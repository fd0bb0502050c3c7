"""An OS scheduler emulator that schedules nothing yet: it reads a workload and prints an empty schedule."""

import argparse
import json
import sys


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scheduler", allow_abbrev=False)
    parser.add_argument("--policy", required=True, choices=POLICIES)
    parser.add_argument("--workload", type=argparse.FileType("rb"), default=sys.stdin.buffer, metavar="FILE")
    parser.add_argument("--quantum", type=int, default=4, metavar="N")
    parser.add_argument("--queues", choices=["global", "per-cpu"], default="global")
    return parser.parse_args()  # the brief has more options; add them as you need them


def fcfs(workload: dict, options: argparse.Namespace) -> list[dict]:
    """Who uses which processor when, if the first to come is the first to run."""
    # Begin here: go through workload["tasks"] in the order of their arrival (0 if a task has none), and for each append
    # {"cpu": 0, "task": its id, "start": the tick at which it begins, "end": that tick plus bursts[0]}.
    return []


POLICIES = {"fcfs": fcfs}


def measures(workload: dict, timeline: list[dict]) -> tuple[dict, dict]:
    """What each task got, and what the schedule is worth: for the second stage."""
    nothing = {"completion": 0, "turnaround": 0, "waiting": 0, "response": 0, "switches": 0}
    return {task["id"]: nothing for task in workload["tasks"]}, {"makespan": 0}


def main() -> None:
    options = parse_arguments()
    workload = json.load(options.workload)
    timeline = POLICIES[options.policy](workload, options)
    tasks, summary = measures(workload, timeline)
    print(json.dumps({"policy": options.policy, "timeline": timeline, "tasks": tasks, "summary": summary}))


if __name__ == "__main__":
    main()
