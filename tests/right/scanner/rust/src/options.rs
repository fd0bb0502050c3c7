use std::collections::HashSet;
use std::time::Duration;

const DEFAULT_PORTS: &str = "80,443,8000,8008,8080,8081,8443,8888";

/// Keeps an absurd but legal --timeout within what a clock can be asked for.
const LONGEST: f64 = 365.0 * 24.0 * 3600.0;

pub struct Options {
    pub targets: Vec<String>,
    pub ports: Vec<u16>,
    pub timeout: Duration,
    pub concurrency: usize,
    pub rate: Option<u32>,
    pub all: bool,
}

impl Options {
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Options {
            targets: Vec::new(),
            ports: parse_ports(DEFAULT_PORTS)?,
            timeout: Duration::from_secs(1),
            concurrency: 100,
            rate: None,
            all: false,
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--all" {
                options.all = true;
            } else if word.starts_with('-') {
                let value = words.next();
                options
                    .set(&word, value)
                    .map_err(|reason| format!("{word}: {reason}"))?;
            } else {
                options.targets.push(word);
            }
        }
        if options.targets.is_empty() {
            return Err("no target".to_string());
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        let value = value.ok_or("needs a value");
        match name {
            "--ports" => self.ports = parse_ports(&value?)?,
            "--timeout" => self.timeout = parse_seconds(&value?)?,
            "--concurrency" => self.concurrency = parse_count(&value?)? as usize,
            "--rate" => self.rate = Some(parse_count(&value?)?),
            _ => return Err("unknown option".to_string()),
        }
        Ok(())
    }
}

/// Keeps the order of the list and drops what is named again.
fn parse_ports(list: &str) -> Result<Vec<u16>, String> {
    let mut seen = HashSet::new();
    let mut ports = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (parse_port(first)?, parse_port(last)?);
        if first > last {
            return Err(format!("the range {part} runs backwards"));
        }
        ports.extend((first..=last).filter(|port| seen.insert(*port)));
    }
    Ok(ports)
}

fn parse_port(text: &str) -> Result<u16, String> {
    match digits(text).and_then(|text| text.parse().ok()) {
        Some(port) if port > 0 => Ok(port),
        _ => Err(format!("{text:?} is not a port")),
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(Duration::from_secs_f64(seconds.min(LONGEST))),
        _ => Err(format!("{text:?} is not a number of seconds above 0")),
    }
}

fn parse_count(text: &str) -> Result<u32, String> {
    match digits(text).and_then(|text| text.parse().ok()) {
        Some(count) if count > 0 => Ok(count),
        _ => Err(format!("{text:?} is not a whole number above 0")),
    }
}

/// Rust's own parser would also take "+80".
pub fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
}
