//! The words after the command.

pub const LARGEST: i64 = 1_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    Fcfs,
    Sjf,
    Srtf,
    RoundRobin,
    Priority,
    Mlfq,
    Lottery,
    Stride,
    Cfs,
    Eevdf,
    Edf,
    RateMonotonic,
}

const POLICIES: [(&str, Policy); 12] = [
    ("fcfs", Policy::Fcfs),
    ("sjf", Policy::Sjf),
    ("srtf", Policy::Srtf),
    ("rr", Policy::RoundRobin),
    ("priority", Policy::Priority),
    ("mlfq", Policy::Mlfq),
    ("lottery", Policy::Lottery),
    ("stride", Policy::Stride),
    ("cfs", Policy::Cfs),
    ("eevdf", Policy::Eevdf),
    ("edf", Policy::Edf),
    ("rm", Policy::RateMonotonic),
];

pub struct Options {
    pub policy: Policy,
    pub policy_name: &'static str,
    pub workload: Option<String>,
    pub quantum: i64,
    pub aging: i64,
    pub levels: i64,
    pub allotment: i64,
    pub boost: i64,
    pub seed: i64,
    pub latency: i64,
    pub granularity: i64,
    pub per_cpu: bool,
}

impl Options {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut policy = None;
        let mut allotment = None;
        let mut options = Options {
            policy: Policy::Fcfs,
            policy_name: "",
            workload: None,
            quantum: 4,
            aging: 0,
            levels: 3,
            allotment: 0,
            boost: 0,
            seed: 1,
            latency: 24,
            granularity: 3,
            per_cpu: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--policy" => policy = Some(policy_named(&value()?)?),
                "--workload" => options.workload = Some(value()?),
                "--quantum" => options.quantum = number(&word, &value()?, 1, LARGEST)?,
                "--aging" => options.aging = number(&word, &value()?, 0, LARGEST)?,
                "--levels" => options.levels = number(&word, &value()?, 1, LARGEST)?,
                "--allotment" => allotment = Some(number(&word, &value()?, 1, LARGEST)?),
                "--boost" => options.boost = number(&word, &value()?, 0, LARGEST)?,
                "--seed" => options.seed = number(&word, &value()?, 1, 2_147_483_646)?,
                "--latency" => options.latency = number(&word, &value()?, 1, LARGEST)?,
                "--granularity" => options.granularity = number(&word, &value()?, 1, LARGEST)?,
                "--queues" => options.per_cpu = queues(&value()?)?,
                _ => return Err(format!("unknown option {word:?}")),
            }
        }
        (options.policy_name, options.policy) = policy.ok_or("--policy is missing")?;
        options.allotment = allotment.unwrap_or(options.quantum);
        Ok(options)
    }
}

fn policy_named(name: &str) -> Result<(&'static str, Policy), String> {
    let found = POLICIES.into_iter().find(|(known, _)| *known == name);
    found.ok_or_else(|| format!("--policy: there is no {name:?}"))
}

fn queues(kind: &str) -> Result<bool, String> {
    match kind {
        "global" => Ok(false),
        "per-cpu" => Ok(true),
        _ => Err(format!("--queues: must be global or per-cpu, not {kind:?}")),
    }
}

fn number(name: &str, text: &str, low: i64, high: i64) -> Result<i64, String> {
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(value) if digits_only && (low..=high).contains(&value) => Ok(value),
        _ => Err(format!(
            "{name}: must be a whole number from {low} to {high}, not {text:?}"
        )),
    }
}
