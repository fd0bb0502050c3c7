//! An OS scheduler emulator.
//!
//! An agenda holds the ticks at which something may happen. Ticks that turn out to be quiet do no harm: the four steps
//! change nothing then. Ready tasks stand in ordered sets, so that picking costs the logarithm of their number.

mod engine;
mod json;
mod options;
mod queue;
mod report;
mod task;
mod workload;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use engine::Engine;
use options::Options;

const REFUSED: u8 = 2;

fn main() -> ExitCode {
    match answer() {
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(message) => {
            eprintln!("{}", message.replace(char::is_control, " "));
            ExitCode::from(REFUSED)
        }
    }
}

fn answer() -> Result<String, String> {
    let options = Options::parse(
        std::env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned()),
    )?;
    let workload = workload::read(&input(options.workload.as_deref())?)?;
    let mut engine = Engine::new(&options, &workload);
    engine.run();
    Ok(report::write(&options, &workload, &engine))
}

fn input(path: Option<&str>) -> Result<Vec<u8>, String> {
    let mut data = Vec::new();
    match path {
        Some(path) => data = std::fs::read(path).map_err(|error| format!("--workload: cannot be read: {error}"))?,
        None => {
            io::stdin()
                .read_to_end(&mut data)
                .map_err(|error| format!("standard input: {error}"))?;
        }
    }
    Ok(data)
}
