//! The closed windows: a file that only grows, in the order in which windows are shown.
//!
//! A line is the start, the sensor and the window's JSON, with tabs between. A cursor is the place in the file where the next line begins,
//! so it stays valid for ever. In memory there is only every so-many-bytes a start and its place.

use crate::windows::Closed;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

const INDEX_EVERY: u64 = 64 * 1024;

pub struct Results {
    file: File,
    shown: Mutex<Shown>,
    news: Condvar,
}

#[derive(Default)]
struct Shown {
    size: u64,
    count: u64,
    last: Option<(i64, String)>,
    index: Vec<(i64, u64)>,
}

impl Shown {
    /// Counts a line at the end of the file.
    fn note(&mut self, start: i64, sensor: &str, length: usize) {
        if self
            .index
            .last()
            .is_none_or(|(_, place)| self.size - place >= INDEX_EVERY)
        {
            self.index.push((start, self.size));
        }
        self.last = Some((start, sensor.to_string()));
        self.size += length as u64;
        self.count += 1;
    }
}

#[derive(Debug, Clone)]
pub struct Query {
    pub sensor: Option<String>,
    pub from: i64,
    pub to: i64,
    pub limit: usize,
}

/// The JSON of a window, and the cursor behind it.
pub struct Window {
    pub json: String,
    pub after: u64,
}

impl Results {
    pub fn open(dir: &str) -> io::Result<Self> {
        let path = Path::new(dir).join("results");
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut shown = Shown::default();
        let mut lines = BufReader::new(&file);
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 && line.ends_with('\n') {
            let (start, sensor, _) = split(&line);
            shown.note(start, sensor, line.len());
            line.clear();
        }
        file.set_len(shown.size)?; // half a line, if a kill came between
        Ok(Results {
            file,
            shown: Mutex::new(shown),
            news: Condvar::new(),
        })
    }

    /// Shows windows. After a crash some come again: they are there already.
    pub fn append(&self, mut closed: Vec<Closed>) -> io::Result<()> {
        closed.sort_by(|a, b| (a.start, &a.sensor).cmp(&(b.start, &b.sensor)));
        let mut shown = self.shown.lock().unwrap();
        closed.retain(|window| match &shown.last {
            Some((start, sensor)) => (window.start, &window.sensor) > (*start, sensor),
            None => true,
        });
        let lines: Vec<String> = closed
            .iter()
            .map(|w| format!("{}\t{}\t{}\n", w.start, w.sensor, w.json))
            .collect();
        (&self.file).write_all(lines.concat().as_bytes())?;
        for (window, line) in closed.iter().zip(&lines) {
            shown.note(window.start, &window.sensor, line.len());
        }
        if !closed.is_empty() {
            self.news.notify_all();
        }
        Ok(())
    }

    pub fn count(&self) -> u64 {
        self.shown.lock().unwrap().count
    }

    /// The place behind the last window.
    pub fn end(&self) -> u64 {
        self.shown.lock().unwrap().size
    }

    /// Waits until there is something behind a place, or for so long.
    pub fn wait_for_more(&self, place: u64, at_most: Duration) {
        let shown = self.shown.lock().unwrap();
        let _ = self
            .news
            .wait_timeout_while(shown, at_most, |shown| shown.size <= place)
            .unwrap();
    }

    pub fn is_place(&self, place: u64) -> bool {
        let mut before = *b" ";
        place == 0
            || (place <= self.end() && self.file.read_exact_at(&mut before, place - 1).is_ok() && before == *b"\n")
    }

    /// A place before the first window that starts then or later, and not far before it.
    fn place_of(&self, start: i64) -> u64 {
        let index = &self.shown.lock().unwrap().index;
        let later = index.partition_point(|(other, _)| *other < start);
        later.checked_sub(1).map_or(0, |before| index[before].1)
    }

    /// Up to `limit` windows behind a place, and the place up to which was looked.
    pub fn page(&self, after: u64, query: &Query) -> io::Result<(Vec<Window>, u64)> {
        let mut looked = after.max(self.place_of(query.from));
        let mut lines = BufReader::with_capacity(
            64 * 1024,
            Span {
                file: &self.file,
                at: looked,
                end: self.end(),
            },
        );
        let (mut page, mut line) = (Vec::new(), String::new());
        while page.len() < query.limit && lines.read_line(&mut line)? > 0 {
            let (start, sensor, json) = split(&line);
            if start >= query.to {
                break;
            }
            looked += line.len() as u64;
            if start >= query.from && query.sensor.as_ref().is_none_or(|wanted| wanted == sensor) {
                page.push(Window {
                    json: json.to_string(),
                    after: looked,
                });
            }
            line.clear();
        }
        Ok((page, looked))
    }
}

fn split(line: &str) -> (i64, &str, &str) {
    let mut parts = line.trim_end().splitn(3, '\t');
    let mut next = || parts.next().unwrap_or_default();
    (next().parse().unwrap_or_default(), next(), next())
}

/// A part of a file, read without moving the place that other readers have.
struct Span<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl io::Read for Span<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min((self.end - self.at) as usize);
        let n = self.file.read_at(&mut buffer[..length], self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}
