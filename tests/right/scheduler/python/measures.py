"""What the schedule was worth, from the jobs that were completed."""


def measures(simulator, workload):
    tasks = {task.id: task_measures(task) for task in simulator.tasks}
    return tasks, summary(simulator, tasks, workload)


def task_measures(task):
    work = sum(task.bursts)
    turnarounds = [job.completion - job.release for job in task.jobs]
    return {
        "completion": task.jobs[-1].completion,
        "turnaround": max(turnarounds),
        "waiting": max(turnarounds) - work,
        "response": max(job.first_tick - job.release for job in task.jobs),
        "switches": task.switches,
    }


def summary(simulator, tasks, workload):
    makespan = max(values["completion"] for values in tasks.values())
    used = sum(end - start for processor in simulator.processors for _, start, end in processor.segments)
    return {
        "makespan": makespan,
        "throughput": sum(len(task.jobs) for task in simulator.tasks) / makespan,
        "utilization": used / (makespan * workload.cpus),
        "mean_turnaround": mean(tasks, "turnaround"),
        "mean_waiting": mean(tasks, "waiting"),
        "mean_response": mean(tasks, "response"),
        "fairness": jain([sum(task.bursts) / tasks[task.id]["turnaround"] for task in simulator.tasks]),
        "switches": sum(values["switches"] for values in tasks.values()),
        "missed_deadlines": sum(missed(task, job) for task in simulator.tasks for job in task.jobs),
    }


def mean(tasks, name):
    return sum(values[name] for values in tasks.values()) / len(tasks)


def jain(speeds):
    return sum(speeds) ** 2 / (len(speeds) * sum(speed**2 for speed in speeds))


def missed(task, job):
    return task.deadline is not None and job.completion > job.release + task.deadline
