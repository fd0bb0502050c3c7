//! Decides, one reading after the other, what each of them is, and how far event time has come.
//!
//! The same calls in the same order lead to the same state, for any number of workers: that is how a log is replayed. It does little
//! for a reading; parsing and aggregating are the workers'.

use crate::bytes::{Reader, Writer};
use crate::reading::Reading;
use crate::settings::Settings;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const NEVER: i64 = i64::MIN;

struct Sensor {
    name: Arc<str>,
    owner: usize,
    highest: i64, // seq
    clock: i64,   // the largest ts
    idle: bool,
    taken_at: Instant,
    in_heap: bool,
}

/// What the workers do next: count readings, each worker his own, then perhaps close windows.
pub struct Step {
    pub readings: Vec<Vec<(Arc<str>, i64, f64)>>,
    pub close_to: Option<i64>,
}

#[derive(Default)]
pub struct Outcome {
    /// What is no duplicate: it has to be logged before anything of this is told.
    pub taken: Vec<Reading>,
    pub steps: Vec<Step>,
}

pub struct Sequencer {
    settings: Settings,
    sensors: Vec<Sensor>,
    numbers: HashMap<Arc<str>, usize>,
    clocks: BinaryHeap<Reverse<(i64, usize)>>, // of sensors that are not idle; a clock in it may be out of date
    pub watermark: i64,
    closed_to: i64, // the watermark, down to the last place where a window can end
    pub accepted: u64,
    pub late: u64,
    pub duplicates: u64,
}

/// The worker that aggregates a sensor's readings.
pub fn owner_of(sensor: &str, workers: usize) -> usize {
    crate::bytes::checksum(sensor.as_bytes()) as usize % workers
}

impl Sequencer {
    pub fn new(settings: &Settings) -> Self {
        Sequencer {
            settings: settings.clone(),
            sensors: Vec::new(),
            numbers: HashMap::new(),
            clocks: BinaryHeap::new(),
            watermark: NEVER,
            closed_to: NEVER,
            accepted: 0,
            late: 0,
            duplicates: 0,
        }
    }

    pub fn take(&mut self, readings: Vec<Reading>) -> Outcome {
        let now = Instant::now();
        let mut outcome = Outcome::default();
        let mut step = self.new_step();
        for reading in readings {
            let number = self.number_of(&reading.sensor);
            let end_of_last_window = reading.ts - reading.ts % self.settings.slide_ms + self.settings.window_ms;
            let sensor = &mut self.sensors[number];
            if reading.seq <= sensor.highest {
                self.duplicates += 1;
                continue;
            }
            sensor.highest = reading.seq;
            sensor.taken_at = now;
            sensor.clock = sensor.clock.max(reading.ts);
            if end_of_last_window <= self.closed_to {
                self.late += 1;
            } else {
                self.accepted += 1;
                step.readings[sensor.owner].push((sensor.name.clone(), reading.ts, reading.value));
            }
            outcome.taken.push(reading);
            self.wake(number);
            if self.advance() {
                step.close_to = Some(self.closed_to);
                outcome.steps.push(std::mem::replace(&mut step, self.new_step()));
            }
        }
        if step.readings.iter().any(|readings| !readings.is_empty()) {
            outcome.steps.push(step);
        }
        outcome
    }

    /// What is acknowledged of a sensor.
    pub fn highest(&self, sensor: &str) -> i64 {
        self.numbers
            .get(sensor)
            .map_or(0, |number| self.sensors[*number].highest)
    }

    /// The sensors of which nothing was taken for so long.
    pub fn idle_now(&self) -> Vec<String> {
        let idle_after = Duration::from_millis(self.settings.idle_ms as u64);
        let idle = |sensor: &&Sensor| !sensor.idle && sensor.taken_at.elapsed() >= idle_after;
        self.sensors
            .iter()
            .filter(idle)
            .map(|sensor| sensor.name.to_string())
            .collect()
    }

    pub fn let_idle(&mut self, names: &[String]) -> Vec<Step> {
        for name in names {
            let number = self.number_of(name);
            self.sensors[number].idle = true;
        }
        if !self.advance() {
            return Vec::new();
        }
        let mut step = self.new_step();
        step.close_to = Some(self.closed_to);
        vec![step]
    }

    /// After a start, all known sensors count as not idle.
    pub fn begin(&mut self) {
        for number in 0..self.sensors.len() {
            self.sensors[number].taken_at = Instant::now();
            self.wake(number);
        }
    }

    pub fn sensor_count(&self) -> usize {
        self.sensors.len()
    }

    fn number_of(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let name: Arc<str> = name.into();
        self.sensors.push(Sensor {
            name: name.clone(),
            owner: owner_of(&name, self.settings.workers),
            highest: 0,
            clock: -1,
            idle: false,
            taken_at: Instant::now(),
            in_heap: false,
        });
        self.numbers.insert(name, self.sensors.len() - 1);
        self.sensors.len() - 1
    }

    fn wake(&mut self, number: usize) {
        let sensor = &mut self.sensors[number];
        sensor.idle = false;
        if !sensor.in_heap {
            sensor.in_heap = true;
            self.clocks.push(Reverse((sensor.clock, number)));
        }
    }

    /// The smallest clock of all sensors that are not idle.
    fn lowest_clock(&mut self) -> Option<i64> {
        while let Some(mut top) = self.clocks.peek_mut() {
            let Reverse((clock, number)) = *top;
            let sensor = &mut self.sensors[number];
            if sensor.idle {
                sensor.in_heap = false;
                std::collections::binary_heap::PeekMut::pop(top);
            } else if sensor.clock != clock {
                *top = Reverse((sensor.clock, number));
            } else {
                return Some(clock);
            }
        }
        None
    }

    /// Moves the watermark, which never goes back; true if windows may have to be closed.
    fn advance(&mut self) -> bool {
        let Some(lowest) = self.lowest_clock() else {
            return false;
        };
        self.watermark = self.watermark.max(lowest - self.settings.lateness_ms);
        let closed_to = self.watermark - self.watermark.rem_euclid(self.settings.slide_ms);
        let moved = closed_to > self.closed_to;
        self.closed_to = closed_to;
        moved
    }

    fn new_step(&self) -> Step {
        Step {
            readings: vec![Vec::new(); self.settings.workers],
            close_to: None,
        }
    }

    pub fn save(&self) -> Vec<u8> {
        let mut out = Writer::default();
        for number in [self.watermark, self.closed_to, self.accepted as i64, self.late as i64] {
            out.number(number);
        }
        for sensor in &self.sensors {
            out.text(&sensor.name);
            out.number(sensor.highest);
            out.number(sensor.clock);
            out.number(i64::from(sensor.idle));
        }
        out.bytes
    }

    pub fn restore(&mut self, data: &[u8]) {
        let mut data = Reader { rest: data };
        self.watermark = data.number();
        self.closed_to = data.number();
        self.accepted = data.number() as u64;
        self.late = data.number() as u64;
        while !data.rest.is_empty() {
            let number = self.number_of(&data.text());
            let sensor = &mut self.sensors[number];
            sensor.highest = data.number();
            sensor.clock = data.number();
            sensor.idle = data.number() == 1;
            if !sensor.idle {
                self.wake(number);
            }
        }
    }
}
