// An OS scheduler emulator that schedules nothing yet: it reads a workload and prints an empty schedule.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

// The fields that the first stages need; the brief names the others.
interface Task {
  id: string;
  bursts: number[];
  arrival?: number;
}

interface Workload {
  tasks: Task[];
  cpus?: number;
}

interface Segment {
  cpu: number;
  task: string;
  start: number;
  end: number;
}

interface Measures {
  completion: number;
  turnaround: number;
  waiting: number;
  response: number;
  switches: number;
}

interface Options {
  policy: string;
  workload?: string;
  quantum: number;
  queues: string;
}

// The brief has more options; add them as you need them.
function parse(words: string[]): Options {
  const { values } = parseArgs({
    args: words,
    options: {
      policy: { type: "string" },
      workload: { type: "string" },
      quantum: { type: "string", default: "4" },
      queues: { type: "string", default: "global" },
    },
  });
  if (values.policy === undefined || !policies.has(values.policy)) throw new Error(`no such policy: ${values.policy}`);
  return { policy: values.policy, workload: values.workload, quantum: Number(values.quantum), queues: values.queues! };
}

// Who uses which processor when, if the first to come is the first to run.
function fcfs(_workload: Workload, _options: Options): Segment[] {
  // Begin here: go through the tasks in the order of their arrival (0 if a task has none), and for each add a segment of
  // processor 0: from the tick at which it begins to that tick plus bursts[0].
  return [];
}

const policies = new Map([["fcfs", fcfs]]);

// What each task got, and what the schedule is worth: for the second stage.
function measures(workload: Workload, _timeline: Segment[]) {
  const nothing: Measures = { completion: 0, turnaround: 0, waiting: 0, response: 0, switches: 0 };
  return { tasks: Object.fromEntries(workload.tasks.map((task) => [task.id, nothing])), summary: { makespan: 0 } };
}

function schedule(words: string[]) {
  const options = parse(words);
  const workload: Workload = JSON.parse(readFileSync(options.workload ?? 0, "utf8")); // 0 is standard input
  const timeline = policies.get(options.policy)!(workload, options);
  return { policy: options.policy, timeline, ...measures(workload, timeline) };
}

try {
  console.log(JSON.stringify(schedule(process.argv.slice(2))));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
