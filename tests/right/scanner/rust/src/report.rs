use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::sync::Mutex;
use std::time::Instant;

use serde::Serialize;

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Open,
    Closed,
    Filtered,
}

/// One line of output. What is absent is null.
#[derive(Clone, Serialize)]
pub struct Finding {
    pub host: String,
    pub port: u16,
    pub state: State,
    pub rtt_ms: Option<f64>,
    pub service: Option<&'static str>,
    pub banner: Option<String>,
    pub http: Option<Http>,
    pub tls: Option<Tls>,
}

#[derive(Clone, Serialize)]
pub struct Http {
    pub status: u16,
    pub server: Option<String>,
    pub title: Option<String>,
    pub location: Option<String>,
}

#[derive(Clone, Serialize)]
pub struct Tls {
    pub version: &'static str,
    pub subject: Option<String>,
    pub issuer: Option<String>,
    pub not_after: Option<String>,
    pub alpn: Option<String>,
}

#[derive(Serialize)]
struct LastLine {
    summary: Summary,
}

#[derive(Default, Clone, Serialize)]
struct Summary {
    hosts: usize,
    ports: usize,
    open: usize,
    closed: usize,
    filtered: usize,
    elapsed_s: f64,
}

/// Prints findings as they come. Nothing waits in a buffer, so an interrupt loses nothing.
pub struct Report {
    all: bool,
    start: Instant,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    summary: Summary,
    hosts: HashSet<String>,
    /// Known to be open, not yet known what is there.
    probing: HashMap<(String, u16), Finding>,
}

impl Report {
    pub fn new(all: bool) -> Self {
        Report {
            all,
            start: Instant::now(),
            progress: Mutex::default(),
        }
    }

    /// Notes a port that is open while its probes still run.
    pub fn opened(&self, early: &Finding) {
        let mut progress = self.progress.lock().unwrap();
        progress.probing.insert((early.host.clone(), early.port), early.clone());
    }

    pub fn add(&self, finding: Finding) {
        let mut progress = self.progress.lock().unwrap();
        if finding.state == State::Open {
            progress.probing.remove(&(finding.host.clone(), finding.port));
        }
        self.write(&mut progress, &finding);
    }

    fn write(&self, progress: &mut Progress, finding: &Finding) {
        progress.summary.ports += 1;
        match finding.state {
            State::Open => progress.summary.open += 1,
            State::Closed => progress.summary.closed += 1,
            State::Filtered => progress.summary.filtered += 1,
        }
        if !progress.hosts.contains(&finding.host) {
            progress.hosts.insert(finding.host.clone());
        }
        if self.all || finding.state == State::Open {
            print(finding);
        }
    }

    /// Prints the ports that an interrupt caught in the middle of their probes, and the summary.
    pub fn finish(&self) {
        let mut progress = self.progress.lock().unwrap();
        for finding in std::mem::take(&mut progress.probing).into_values() {
            self.write(&mut progress, &finding);
        }
        let mut summary = progress.summary.clone();
        summary.hosts = progress.hosts.len();
        summary.elapsed_s = self.start.elapsed().as_secs_f64();
        print(&LastLine { summary });
    }
}

fn print(line: &impl Serialize) {
    let mut text = serde_json::to_vec(line).expect("plain data has a JSON form");
    text.push(b'\n');
    // A reader that went away wants no more lines; that is no reason to fail.
    let _ = std::io::stdout().write_all(&text);
}
