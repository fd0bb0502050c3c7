//! The write-ahead log, and the snapshots that keep it short.
//!
//! A record is in the log before anybody hears of what it says. It is given to the kernel with write(2), which outlives `kill -9` of this
//! process; to survive a power failure, `append` would have to call `sync_data`.
//!
//! Generation n is the file `log-n`; the folder `snapshot-n` holds the state at its beginning. A snapshot is built in a folder with another
//! name and renamed when it is whole, and only then is the generation before it deleted.

use crate::bytes::{checksum, Reader, Writer};
use crate::reading::Reading;
use crate::settings::Settings;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

pub enum Record {
    Taken(Vec<Reading>),
    Idle(Vec<String>),
    Start,
}

pub struct Log {
    dir: PathBuf,
    generation: u64,
    pub size: u64,
    file: File,
}

/// Writes down the kind of windows at the first start, and compares it at every other.
pub fn check_windows(settings: &Settings) -> Result<(), String> {
    let path = Path::new(&settings.data_dir).join("windows");
    let mine = [("WINDOW_MS", settings.window_ms), ("SLIDE_MS", settings.slide_ms)];
    let Ok(written) = fs::read_to_string(&path) else {
        let text: String = mine.iter().map(|(name, number)| format!("{name} {number}\n")).collect();
        let new = path.with_extension("new");
        let done = fs::write(&new, text).and_then(|_| fs::rename(&new, &path));
        return done.map_err(|error| format!("DATA_DIR: {error}"));
    };
    for ((name, number), line) in mine.iter().zip(written.lines()) {
        if line != format!("{name} {number}") {
            return Err(format!("{name}: DATA_DIR was written with {line}, not {number}"));
        }
    }
    Ok(())
}

impl Log {
    /// The log, and the folder of the newest snapshot if there is one.
    pub fn open(dir: &str) -> io::Result<(Log, Option<PathBuf>)> {
        let dir = PathBuf::from(dir);
        let mut newest = None;
        for entry in fs::read_dir(&dir)? {
            let name = entry?.file_name().into_string().unwrap_or_default();
            let number = name.strip_prefix("snapshot-").and_then(|number| number.parse().ok());
            newest = newest.max(number);
        }
        let generation: u64 = newest.unwrap_or(0);
        let log = Log {
            file: open_log(&dir, generation)?,
            generation,
            size: 0,
            dir,
        };
        let snapshot = newest.map(|_| log.snapshot_path(generation));
        Ok((log, snapshot))
    }

    fn snapshot_path(&self, generation: u64) -> PathBuf {
        self.dir.join(format!("snapshot-{generation}"))
    }

    /// Calls `apply` for all records since the newest snapshot. What a kill cut off is removed, so that new records follow whole ones.
    pub fn replay(&mut self, mut apply: impl FnMut(Record)) -> io::Result<()> {
        loop {
            let mut reader = BufReader::with_capacity(1 << 20, &self.file);
            self.size = 0;
            while let Some(data) = whole_record(&mut reader) {
                self.size += 8 + data.len() as u64;
                apply(decoded(&data));
            }
            self.file.set_len(self.size)?;
            if !log_path(&self.dir, self.generation + 1).exists() {
                return Ok(());
            }
            self.generation += 1;
            self.file = open_log(&self.dir, self.generation)?;
        }
    }

    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let data = encoded(record);
        let mut bytes = Vec::with_capacity(data.len() + 8);
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(checksum(&data).to_le_bytes());
        bytes.extend(data);
        self.file.write_all(&bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// From here on, records belong to the next snapshot; gives its generation and the folder to build it in.
    pub fn begin_generation(&mut self) -> io::Result<(u64, PathBuf)> {
        self.generation += 1;
        self.file = open_log(&self.dir, self.generation)?;
        self.size = 0;
        let folder = self.dir.join("unfinished");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder)?;
        Ok((self.generation, folder))
    }
}

pub fn finish_snapshot(folder: &Path, generation: u64) -> io::Result<()> {
    let dir = folder.parent().unwrap_or(folder);
    fs::rename(folder, dir.join(format!("snapshot-{generation}")))?;
    let _ = fs::remove_dir_all(dir.join(format!("snapshot-{}", generation - 1)));
    fs::remove_file(log_path(dir, generation - 1))
}

fn log_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("log-{generation}"))
}

fn open_log(dir: &Path, generation: u64) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(log_path(dir, generation))
}

fn whole_record(file: &mut impl Read) -> Option<Vec<u8>> {
    let mut head = [0; 8];
    file.read_exact(&mut head).ok()?;
    let [length, sum] = [0, 4].map(|at| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]));
    let mut data = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut data).ok()?;
    (data.len() == length as usize && checksum(&data) == sum).then_some(data)
}

fn encoded(record: &Record) -> Vec<u8> {
    let mut out = Writer::default();
    match record {
        Record::Start => out.number(0),
        Record::Idle(names) => {
            out.number(1);
            names.iter().for_each(|name| out.text(name));
        }
        Record::Taken(readings) => {
            out.number(2);
            for reading in readings {
                out.text(&reading.sensor);
                out.number(reading.seq);
                out.number(reading.ts);
                out.float(reading.value);
            }
        }
    }
    out.bytes
}

fn decoded(data: &[u8]) -> Record {
    let mut data = Reader { rest: data };
    let kind = data.number();
    let (mut names, mut readings) = (Vec::new(), Vec::new());
    while !data.rest.is_empty() {
        let sensor = data.text();
        if kind == 1 {
            names.push(sensor);
            continue;
        }
        readings.push(Reading {
            sensor,
            seq: data.number(),
            ts: data.number(),
            value: data.float(),
        });
    }
    match kind {
        0 => Record::Start,
        1 => Record::Idle(names),
        _ => Record::Taken(readings),
    }
}
