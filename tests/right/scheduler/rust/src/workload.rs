//! From a JSON document to tasks, or to the place in it that makes no sense.

use std::collections::HashSet;

use crate::json::{parse, Value};
use crate::options::LARGEST;

const MOST_JOBS: i64 = 1_000_000;

pub struct Workload {
    pub tasks: Vec<Spec>,
    pub cpus: usize,
    pub switch_cost: i64,
    pub migration_cost: i64,
}

pub struct Spec {
    pub id: String,
    pub bursts: Vec<i64>,
    pub arrival: i64,
    pub priority: i64,
    pub nice: i64,
    pub tickets: i64,
    pub period: Option<i64>,
    pub deadline: Option<i64>,
    pub jobs: i64,
}

pub fn read(data: &[u8]) -> Result<Workload, String> {
    let document = parse(data)?;
    if !matches!(document, Value::Object(_)) {
        return Err(format!("the workload must be an object, not {}", document.shown()));
    }
    let until = number(&document, "", "until", 1, LARGEST)?;
    let workload = Workload {
        cpus: number(&document, "", "cpus", 1, 64)?.unwrap_or(1) as usize,
        switch_cost: number(&document, "", "switch_cost", 0, LARGEST)?.unwrap_or(0),
        migration_cost: number(&document, "", "migration_cost", 0, LARGEST)?.unwrap_or(0),
        tasks: tasks(&document, until)?,
    };
    if workload.tasks.iter().map(|task| task.jobs).sum::<i64>() > MOST_JOBS {
        return Err(format!("until: there would be more than {MOST_JOBS} jobs"));
    }
    Ok(workload)
}

fn tasks(document: &Value, until: Option<i64>) -> Result<Vec<Spec>, String> {
    let list = match document.field("tasks") {
        Some(Value::List(list)) if !list.is_empty() => list,
        Some(value) => {
            return Err(format!(
                "tasks: must be a list of at least one task, not {}",
                value.shown()
            ))
        }
        None => return Err("tasks: is missing".to_string()),
    };
    let mut names = HashSet::new();
    let mut specs = Vec::with_capacity(list.len());
    for (index, fields) in list.iter().enumerate() {
        let spec = task(fields, &format!("tasks[{index}]"), until)?;
        if !names.insert(spec.id.clone()) {
            return Err(format!("tasks[{index}].id: an earlier task has this name"));
        }
        specs.push(spec);
    }
    Ok(specs)
}

fn task(fields: &Value, path: &str, until: Option<i64>) -> Result<Spec, String> {
    if !matches!(fields, Value::Object(_)) {
        return Err(format!("{path}: must be an object, not {}", fields.shown()));
    }
    let id = match fields.field("id") {
        Some(Value::Text(id)) if !id.is_empty() => id.clone(),
        _ => return Err(format!("{path}.id: must be a text that is not empty")),
    };
    let period = number(fields, path, "period", 1, LARGEST)?;
    let arrival = number(fields, path, "arrival", 0, LARGEST)?.unwrap_or(0);
    let jobs = match (period, until) {
        (None, _) => 1,
        (Some(_), None) => return Err("until: is missing, and a task has a period".to_string()),
        (Some(period), Some(until)) => ((until - arrival + period - 1).max(0) / period).max(1),
    };
    Ok(Spec {
        id,
        bursts: bursts(fields.field("bursts"), &format!("{path}.bursts"))?,
        arrival,
        priority: number(fields, path, "priority", -1000, 1000)?.unwrap_or(0),
        nice: number(fields, path, "nice", -20, 19)?.unwrap_or(0),
        tickets: number(fields, path, "tickets", 1, 1_000_000)?.unwrap_or(100),
        period,
        deadline: number(fields, path, "deadline", 1, LARGEST)?.or(period),
        jobs,
    })
}

fn bursts(value: Option<&Value>, path: &str) -> Result<Vec<i64>, String> {
    let Some(Value::List(list)) = value else {
        return Err(format!("{path}: must be a list of ticks"));
    };
    if list.len() % 2 == 0 {
        return Err(format!("{path}: must have an odd number of bursts, not {}", list.len()));
    }
    let ticks = |(index, value)| in_range(value, || format!("{path}[{index}]"), 1, LARGEST);
    list.iter().enumerate().map(ticks).collect()
}

fn number(fields: &Value, path: &str, name: &str, low: i64, high: i64) -> Result<Option<i64>, String> {
    let dot = if path.is_empty() { "" } else { "." };
    match fields.field(name) {
        Some(value) => in_range(value, || format!("{path}{dot}{name}"), low, high).map(Some),
        None => Ok(None),
    }
}

fn in_range(value: &Value, path: impl Fn() -> String, low: i64, high: i64) -> Result<i64, String> {
    match value {
        Value::Whole(number) if (low..=high).contains(number) => Ok(*number),
        _ => Err(format!(
            "{}: must be a whole number from {low} to {high}, not {}",
            path(),
            value.shown()
        )),
    }
}
