//! A concurrent data processor: readings of many sensors come in, and what each window of event time held goes out.
//!
//! A block of lines goes this way: the thread of its connection reads it, workers parse it, the sequencer decides one reading after the
//! other what it is and logs what is new, the workers aggregate, and what they close is shown. Only then is the block
//! acknowledged and the next one read, so that nothing queues up behind a fast sender.

mod api;
mod bytes;
mod http;
mod ingest;
mod json;
mod log;
mod places;
mod reading;
mod results;
mod sequencer;
mod service;
mod settings;
mod sketch;
mod stop;
mod windows;
mod workers;

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    stop::watch_signals();
    let settings = settings::read(|name| std::env::var(name).ok());
    let settings = match settings.and_then(|settings| log::check_windows(&settings).map(|_| settings)) {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match run(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: settings::Settings) -> std::io::Result<()> {
    let (port, ingest_port) = (settings.port, settings.ingest_port);
    let service = service::Service::start(settings)?;
    let readings = ingest::listen(service.clone(), ingest_port)?;
    let requests = api::listen(service, port)?;
    stop::wait();
    let deadline = Instant::now() + stop::PATIENCE;
    readings.finish(deadline);
    requests.finish(deadline);
    Ok(())
}
