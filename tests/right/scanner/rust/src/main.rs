//! Finds the open TCP ports of hosts and tells what answers there.
//!
//! One thread, one task a port. A task starts with a slot for its first connection in hand, so there are never more
//! tasks than the user allows connections.

mod channel;
mod http;
mod limits;
mod options;
mod probe;
mod report;
mod targets;
mod tls;

use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{signal, SignalKind};
use tokio::task::JoinSet;

use channel::Network;
use options::Options;
use probe::Job;
use report::Report;
use targets::Targets;

const USAGE: u8 = 2;
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    match prepare() {
        Ok((options, targets)) => run(options, targets),
        Err(message) => {
            eprintln!("scanner: {message}");
            ExitCode::from(USAGE)
        }
    }
}

fn prepare() -> Result<(Options, Targets), String> {
    let options = Options::parse(std::env::args().skip(1))?;
    let targets = Targets::parse(&options.targets)?;
    Ok((options, targets))
}

fn run(options: Options, targets: Targets) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs a few file descriptors");
    let report = Arc::new(Report::new(options.all));
    // When the block ends, the runtime drops all tasks that are left, and with them their connections.
    let code = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
        tokio::select! {
            () = scan(&options, &targets, &report) => ExitCode::SUCCESS,
            _ = interrupt.recv() => ExitCode::from(INTERRUPTED),
        }
    });
    report.finish();
    code
}

async fn scan(options: &Options, targets: &Targets, report: &Arc<Report>) {
    let network = Arc::new(Network::new(options));
    let mut tasks = JoinSet::new();
    for host in targets.hosts() {
        let host = Arc::new(host);
        for &port in &options.ports {
            let slot = network.slots.take().await;
            let job = Job {
                host: host.clone(),
                port,
                network: network.clone(),
                report: report.clone(),
            };
            tasks.spawn(job.run(slot));
            while tasks.try_join_next().is_some() {} // lets go of what ended
        }
    }
    while tasks.join_next().await.is_some() {}
}
