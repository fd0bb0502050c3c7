//! The schedule as one JSON document.

use std::fmt::Write;

use crate::engine::Engine;
use crate::json::quoted;
use crate::options::Options;
use crate::workload::Workload;

pub fn write(options: &Options, workload: &Workload, engine: &Engine) -> String {
    let names: Vec<String> = workload.tasks.iter().map(|spec| quoted(&spec.id)).collect();
    let timeline = engine.segments().map(|segment| {
        let name = &names[segment.task];
        format!(
            "{{\"cpu\":{},\"task\":{name},\"start\":{},\"end\":{}}}",
            segment.cpu, segment.start, segment.end
        )
    });
    let mut out = format!("{{\"policy\":\"{}\",\n\"timeline\":[\n", options.policy_name);
    join(&mut out, timeline);
    out.push_str("],\n\"tasks\":{\n");
    let tasks = names.iter().zip(&engine.tasks).map(|(name, task)| {
        let measures = &task.measures;
        format!(
            "{name}:{{\"completion\":{},\"turnaround\":{},\"waiting\":{},\"response\":{},\"switches\":{}}}",
            measures.completion,
            measures.turnaround,
            measures.turnaround - task.bursts.iter().sum::<i64>(),
            measures.response,
            measures.switches
        )
    });
    join(&mut out, tasks);
    let _ = writeln!(out, "}},\n\"summary\":{}}}", summary(workload, engine));
    out
}

fn join(out: &mut String, items: impl Iterator<Item = String>) {
    for (index, item) in items.enumerate() {
        out.push_str(if index > 0 { ",\n" } else { "" });
        out.push_str(&item);
    }
}

fn summary(workload: &Workload, engine: &Engine) -> String {
    let count = engine.tasks.len() as f64;
    let sum = |value: &dyn Fn(&crate::task::Task) -> f64| engine.tasks.iter().map(value).sum::<f64>();
    let work = |task: &crate::task::Task| task.bursts.iter().sum::<i64>();
    let speed = |task: &crate::task::Task| work(task) as f64 / task.measures.turnaround as f64;
    let makespan = engine
        .tasks
        .iter()
        .map(|task| task.measures.completion)
        .max()
        .unwrap_or(0);
    let jobs = workload.tasks.iter().map(|spec| spec.jobs).sum::<i64>();
    let busy = engine
        .segments()
        .map(|segment| segment.end - segment.start)
        .sum::<i64>();
    format!(
        "{{\"makespan\":{makespan},\"throughput\":{},\"utilization\":{},\"mean_turnaround\":{},\"mean_waiting\":{},\
         \"mean_response\":{},\"fairness\":{},\"switches\":{},\"missed_deadlines\":{}}}",
        jobs as f64 / makespan as f64,
        busy as f64 / (makespan as f64 * workload.cpus as f64),
        sum(&|task| task.measures.turnaround as f64) / count,
        sum(&|task| (task.measures.turnaround - work(task)) as f64) / count,
        sum(&|task| task.measures.response as f64) / count,
        sum(&speed).powi(2) / (count * sum(&|task| speed(task).powi(2))),
        engine.tasks.iter().map(|task| task.measures.switches).sum::<i64>(),
        engine.tasks.iter().map(|task| task.measures.missed).sum::<i64>()
    )
}
