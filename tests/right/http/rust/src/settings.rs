//! What the environment says, checked before anything is opened.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const LARGEST: u64 = 1_000_000_000;

pub struct Settings {
    pub port: u16,
    pub root: PathBuf,
    pub max_head_bytes: usize,
    pub max_body_bytes: u64,
    pub head: Duration,
    pub stall: Duration,
    pub idle: Duration,
}

impl Settings {
    /// An error is a line that names the variable.
    pub fn read() -> Result<Settings, String> {
        let milliseconds = |name, default| number(name, 1, LARGEST, Some(default)).map(Duration::from_millis);
        Ok(Settings {
            port: number("PORT", 1, 65_535, None)? as u16,
            root: root()?,
            max_head_bytes: number("MAX_HEAD_BYTES", 256, LARGEST, Some(16_384))? as usize,
            max_body_bytes: number("MAX_BODY_BYTES", 0, LARGEST, Some(1_048_576))?,
            head: milliseconds("HEAD_MS", 10_000)?,
            stall: milliseconds("STALL_MS", 10_000)?,
            idle: milliseconds("IDLE_MS", 60_000)?,
        })
    }
}

fn number(name: &str, low: u64, high: u64, default: Option<u64>) -> Result<u64, String> {
    let Some(text) = env::var_os(name) else {
        return default.ok_or_else(|| format!("{name} is not set"));
    };
    let text = text.to_string_lossy();
    let is_digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    match text.parse() {
        Ok(value) if is_digits && (low..=high).contains(&value) => Ok(value),
        _ => Err(format!(
            "{name} must be a whole number from {low} to {high}, not {text:?}"
        )),
    }
}

fn root() -> Result<PathBuf, String> {
    let text = env::var_os("ROOT").ok_or("ROOT is not set")?;
    match fs::canonicalize(&text) {
        Ok(path) if path.is_dir() => Ok(path),
        _ => Err(format!("ROOT must be an existing folder, not {text:?}")),
    }
}
