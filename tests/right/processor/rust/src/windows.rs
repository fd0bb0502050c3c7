//! The windows of the sensors that one worker owns.
//!
//! A reading is counted once, in the pane of its time: a piece as long as the slide. A window is a row of panes, and is put together when
//! it is closed. A pane goes when the last window that it is part of is closed, so a late reading reaches none that was shown.

use crate::bytes::{Reader, Writer};
use crate::settings::Settings;
use crate::sketch::Sketch;
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Clone)]
pub struct Summary {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    first_ts: i64,
    last_ts: i64,
    sketch: Sketch,
}

impl Summary {
    fn nothing() -> Self {
        Summary {
            count: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            first_ts: i64::MAX,
            last_ts: i64::MIN,
            sketch: Sketch::default(),
        }
    }

    fn add(&mut self, ts: i64, value: f64) {
        self.count += 1;
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.first_ts = self.first_ts.min(ts);
        self.last_ts = self.last_ts.max(ts);
        self.sketch.add(value);
    }

    fn merge(&mut self, other: &Summary) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.first_ts = self.first_ts.min(other.first_ts);
        self.last_ts = self.last_ts.max(other.last_ts);
        self.sketch.merge(&other.sketch);
    }

    /// Never beyond the extremes, which are known exactly.
    fn percentile(&self, percent: u64) -> f64 {
        self.sketch.percentile(percent, self.count).clamp(self.min, self.max)
    }

    fn save(&self, out: &mut Writer) {
        out.number(self.count as i64);
        out.float(self.sum);
        out.float(self.min);
        out.float(self.max);
        out.number(self.first_ts);
        out.number(self.last_ts);
        self.sketch.save(out);
    }

    fn load(data: &mut Reader) -> Self {
        Summary {
            count: data.number() as u64,
            sum: data.float(),
            min: data.float(),
            max: data.float(),
            first_ts: data.number(),
            last_ts: data.number(),
            sketch: Sketch::load(data),
        }
    }
}

/// A window that is closed. They are shown in the order of start and sensor.
#[derive(Debug)]
pub struct Closed {
    pub start: i64,
    pub sensor: String,
    pub json: String,
}

impl Closed {
    fn new(start: i64, end: i64, sensor: String, window: &Summary) -> Self {
        let sum = window.sum.clamp(f64::MIN, f64::MAX); // JSON has no infinity
        let json = format!(
            "{{\"sensor\": \"{sensor}\", \"start\": {start}, \"end\": {end}, \"count\": {}, \"sum\": {sum:?}, \
             \"min\": {:?}, \"max\": {:?}, \"mean\": {:?}, \"p50\": {:?}, \"p95\": {:?}, \"p99\": {:?}, \
             \"first_ts\": {}, \"last_ts\": {}}}",
            window.count,
            window.min,
            window.max,
            sum / window.count as f64,
            window.percentile(50),
            window.percentile(95),
            window.percentile(99),
            window.first_ts,
            window.last_ts,
        );
        Closed { start, sensor, json }
    }
}

pub struct OpenWindows {
    window_ms: i64,
    slide_ms: i64,
    closed_to: i64, // windows that end here or before are closed
    panes: BTreeMap<i64, HashMap<String, Summary>>,
}

impl OpenWindows {
    pub fn new(settings: &Settings) -> Self {
        OpenWindows {
            window_ms: settings.window_ms,
            slide_ms: settings.slide_ms,
            closed_to: i64::MIN,
            panes: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, sensor: &str, ts: i64, value: f64) {
        let pane = self.panes.entry(ts - ts % self.slide_ms).or_default();
        match pane.get_mut(sensor) {
            Some(summary) => summary.add(ts, value),
            None => {
                let mut summary = Summary::nothing();
                summary.add(ts, value);
                pane.insert(sensor.to_string(), summary);
            }
        }
    }

    /// Closes the windows that end here or before, and gives them in no order.
    pub fn close(&mut self, close_to: i64) -> Vec<Closed> {
        let mut windows: BTreeMap<i64, HashMap<&str, Summary>> = BTreeMap::new();
        for (pane, summaries) in self.panes.range(..=close_to - self.slide_ms) {
            for start in self.starts_around(*pane) {
                let end = start + self.window_ms;
                if end <= self.closed_to || end > close_to {
                    continue;
                }
                let window = windows.entry(start).or_default();
                for (sensor, summary) in summaries {
                    window.entry(sensor).or_insert_with(Summary::nothing).merge(summary);
                }
            }
        }
        let mut closed = Vec::new();
        for (start, sensors) in &windows {
            for (sensor, window) in sensors {
                closed.push(Closed::new(*start, start + self.window_ms, sensor.to_string(), window));
            }
        }
        drop(windows);
        self.closed_to = close_to;
        let window_ms = self.window_ms;
        self.panes.retain(|pane, _| pane + window_ms > close_to);
        closed
    }

    /// The starts of the windows that a pane is part of; none is before 1970.
    fn starts_around(&self, pane: i64) -> impl Iterator<Item = i64> {
        let first = (pane + self.slide_ms - self.window_ms).max(0);
        (first..=pane).step_by(self.slide_ms as usize)
    }

    pub fn save(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.number(self.closed_to);
        for (start, summaries) in &self.panes {
            for (sensor, summary) in summaries {
                out.number(*start);
                out.text(sensor);
                summary.save(&mut out);
            }
        }
        out.bytes
    }

    /// Takes what is mine out of what any worker saved.
    pub fn restore(&mut self, data: &[u8], is_mine: impl Fn(&str) -> bool) {
        let mut data = Reader { rest: data };
        self.closed_to = data.number();
        while !data.rest.is_empty() {
            let (start, sensor, summary) = (data.number(), data.text(), Summary::load(&mut data));
            if is_mine(&sensor) {
                self.panes.entry(start).or_default().insert(sensor, summary);
            }
        }
    }
}
