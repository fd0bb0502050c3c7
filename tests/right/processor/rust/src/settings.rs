//! What the environment says, checked before anything is opened.

const LARGEST: i64 = 1_000_000_000;

#[derive(Debug, Clone)]
pub struct Settings {
    pub port: u16,
    pub ingest_port: u16,
    pub data_dir: String,
    pub window_ms: i64,
    pub slide_ms: i64,
    pub lateness_ms: i64,
    pub idle_ms: i64,
    pub workers: usize,
}

/// The message names the variable that is missing or wrong.
pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, String> {
    let number = |name, low, high, default| number(&variable, name, low, high, default);
    let window_ms = number("WINDOW_MS", 1, LARGEST, None)?;
    let settings = Settings {
        port: number("PORT", 1, 65535, None)? as u16,
        ingest_port: number("INGEST_PORT", 1, 65535, None)? as u16,
        data_dir: variable("DATA_DIR").ok_or("DATA_DIR: is missing")?,
        window_ms,
        slide_ms: number("SLIDE_MS", 1, LARGEST, Some(window_ms))?,
        lateness_ms: number("LATENESS_MS", 0, LARGEST, Some(0))?,
        idle_ms: number("IDLE_MS", 1, LARGEST, Some(10_000))?,
        workers: number("WORKERS", 1, 64, Some(1))? as usize,
    };
    if window_ms % settings.slide_ms != 0 {
        return Err(format!(
            "SLIDE_MS: WINDOW_MS {window_ms} is not a multiple of {}",
            settings.slide_ms
        ));
    }
    if !std::path::Path::new(&settings.data_dir).is_dir() {
        return Err(format!("DATA_DIR: there is no folder {:?}", settings.data_dir));
    }
    Ok(settings)
}

fn number(
    variable: impl Fn(&str) -> Option<String>,
    name: &str,
    low: i64,
    high: i64,
    default: Option<i64>,
) -> Result<i64, String> {
    let Some(text) = variable(name) else {
        return default.ok_or(format!("{name}: is missing"));
    };
    match digits(&text) {
        Some(number) if (low..=high).contains(&number) => Ok(number),
        _ => {
            let shown: String = text.chars().take(40).collect();
            Err(format!(
                "{name}: must be a whole number from {low} to {high}, not {shown:?}"
            ))
        }
    }
}

/// A number that is written in digits only; `parse` alone would take a sign.
pub fn digits(text: &str) -> Option<i64> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all)
}
