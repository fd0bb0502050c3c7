//! An OS scheduler emulator that schedules nothing yet: it reads a workload and prints an empty schedule.

mod json;

use std::io::Read;
use std::process::ExitCode;

use json::Value;

#[derive(Debug)]
#[allow(dead_code)] // until there is a policy that reads them
struct Options {
    policy: String,
    workload: Option<String>,
    quantum: i64,
    per_cpu: bool,
}

/// The fields that the first stages need; the brief names the others.
#[derive(Debug)]
#[allow(dead_code)]
struct Task {
    id: String,
    arrival: i64,
    bursts: Vec<i64>,
}

struct Segment {
    cpu: usize,
    task: String,
    start: i64,
    end: i64,
}

#[derive(Default)]
struct Measures {
    completion: i64,
    turnaround: i64,
    waiting: i64,
    response: i64,
    switches: i64,
}

/// The brief has more options; add them as you need them.
fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        policy: String::new(),
        workload: None,
        quantum: 4,
        per_cpu: false,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("{word} needs a value"))?;
        match word.as_str() {
            "--policy" => options.policy = value,
            "--workload" => options.workload = Some(value),
            "--quantum" => {
                options.quantum = value
                    .parse()
                    .map_err(|_| format!("--quantum: not a number: {value}"))?
            }
            "--queues" => options.per_cpu = value == "per-cpu",
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(options)
}

fn read(path: Option<&str>) -> Result<Vec<Task>, String> {
    let mut text = String::new();
    match path {
        Some(path) => text = std::fs::read_to_string(path).map_err(|error| error.to_string())?,
        None => {
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| error.to_string())?;
        }
    }
    let document = json::parse(&text)?;
    let tasks = document
        .get("tasks")
        .and_then(Value::list)
        .ok_or("tasks: must be a list")?;
    tasks
        .iter()
        .enumerate()
        .map(|(number, fields)| task(number, fields))
        .collect()
}

fn task(number: usize, fields: &Value) -> Result<Task, String> {
    let bursts = fields
        .get("bursts")
        .and_then(Value::list)
        .ok_or(format!("tasks[{number}].bursts: must be a list"))?;
    Ok(Task {
        id: fields
            .get("id")
            .and_then(Value::text)
            .ok_or(format!("tasks[{number}].id: must be a text"))?
            .to_string(),
        arrival: fields.get("arrival").and_then(Value::whole).unwrap_or(0),
        bursts: bursts.iter().filter_map(Value::whole).collect(),
    })
}

/// Who uses which processor when, if the first to come is the first to run.
fn fcfs(_tasks: &[Task], _options: &Options) -> Vec<Segment> {
    // Begin here: go through the tasks in the order of their arrival, and for each push a segment of processor 0: from the
    // tick at which it begins to that tick plus bursts[0].
    Vec::new()
}

/// What a task got: for the second stage.
fn measures(_task: &Task, _timeline: &[Segment]) -> Measures {
    Measures::default()
}

fn schedule() -> Result<String, String> {
    let options = parse(std::env::args().skip(1))?;
    let tasks = read(options.workload.as_deref())?;
    let timeline = match options.policy.as_str() {
        "fcfs" => fcfs(&tasks, &options),
        other => return Err(format!("--policy: there is no {other:?}")),
    };
    Ok(written(&options, &tasks, &timeline))
}

fn written(options: &Options, tasks: &[Task], timeline: &[Segment]) -> String {
    let segments = timeline.iter().map(
        |Segment {
             cpu,
             task,
             start,
             end,
         }| {
            format!(
                r#"{{"cpu": {cpu}, "task": {}, "start": {start}, "end": {end}}}"#,
                json::quoted(task)
            )
        },
    );
    let tasks = tasks.iter().map(|task| {
        let Measures { completion, turnaround, waiting, response, switches } = measures(task, timeline);
        format!(
            r#"{}: {{"completion": {completion}, "turnaround": {turnaround}, "waiting": {waiting}, "response": {response}, "switches": {switches}}}"#,
            json::quoted(&task.id)
        )
    });
    format!(
        "{{\"policy\": {},\n\"timeline\": [{}],\n\"tasks\": {{{}}},\n\"summary\": {{\"makespan\": 0}}}}",
        json::quoted(&options.policy),
        segments.collect::<Vec<_>>().join(",\n"),
        tasks.collect::<Vec<_>>().join(",\n")
    )
}

fn main() -> ExitCode {
    match schedule() {
        Ok(document) => {
            println!("{document}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
