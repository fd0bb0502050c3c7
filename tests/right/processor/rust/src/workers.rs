//! The workers: threads that parse blocks, and aggregate the readings of the sensors that they own.

use crate::reading::{parse, Block, Parsed};
use crate::sequencer::{owner_of, Step};
use crate::settings::Settings;
use crate::windows::{Closed, OpenWindows};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::Arc;
use std::thread;

const SMALLEST_PIECE: usize = 8 * 1024;

/// A worker does one thing after the other, in the order in which it was asked. Only it touches its windows, so there is no lock.
type Job = Box<dyn FnOnce(&mut OpenWindows) + Send>;

pub struct Workers {
    all: Vec<Sender<Job>>,
    next: AtomicUsize,
}

impl Workers {
    pub fn start(settings: &Settings) -> Self {
        let start = |_| {
            let (jobs, inbox) = channel::<Job>();
            let mut windows = OpenWindows::new(settings);
            thread::spawn(move || inbox.into_iter().for_each(|job| job(&mut windows)));
            jobs
        };
        Workers {
            all: (0..settings.workers).map(start).collect(),
            next: AtomicUsize::new(0),
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        worker: usize,
        work: impl FnOnce(&mut OpenWindows) -> T + Send + 'static,
    ) -> Receiver<T> {
        let (answer, receiver) = channel();
        let job = Box::new(move |windows: &mut OpenWindows| {
            let _ = answer.send(work(windows)); // nobody waits for it if the connection is gone
        });
        self.all[worker].send(job).expect("workers live as long as the program");
        receiver
    }

    /// Reads a block, all workers together if it is large.
    pub fn parse(&self, block: Block) -> Parsed {
        let size = SMALLEST_PIECE.max(block.bytes.len() / self.all.len());
        let ask = |piece| {
            let worker = self.next.fetch_add(1, Ordering::Relaxed) % self.all.len();
            self.ask(worker, move |_| parse(&piece))
        };
        let answers: Vec<_> = block.split(size).into_iter().map(ask).collect();
        let mut whole = Parsed::default();
        for answer in answers {
            let part = answer.recv().expect("a worker answers");
            whole.readings.extend(part.readings);
            whole.rejected.extend(part.rejected);
        }
        whole
    }

    /// Gives each worker his part of the steps. The answers are what they close.
    pub fn apply(&self, steps: Vec<Step>) -> Vec<Receiver<Vec<Closed>>> {
        let steps = Arc::new(steps);
        let apply = |worker| {
            let steps = steps.clone();
            self.ask(worker, move |windows| apply(&steps, worker, windows))
        };
        (0..self.all.len()).map(apply).collect()
    }

    /// Everything that is open, as each worker has it when it comes to this.
    pub fn save(&self) -> Vec<Receiver<Vec<u8>>> {
        (0..self.all.len())
            .map(|worker| self.ask(worker, |windows| windows.save()))
            .collect()
    }

    /// Reads what one of any number of workers saved: each takes what is his now.
    pub fn restore(&self, data: Vec<u8>) {
        let (data, workers) = (Arc::new(data), self.all.len());
        let restore = |worker| {
            let data = data.clone();
            self.ask(worker, move |windows| {
                windows.restore(&data, |sensor| owner_of(sensor, workers) == worker)
            })
        };
        let answers: Vec<_> = (0..workers).map(restore).collect();
        answers
            .iter()
            .for_each(|answer| answer.recv().expect("a worker answers"));
    }
}

fn apply(steps: &[Step], worker: usize, windows: &mut OpenWindows) -> Vec<Closed> {
    let mut closed = Vec::new();
    for step in steps {
        for (sensor, ts, value) in &step.readings[worker] {
            windows.add(sensor, *ts, *value);
        }
        if let Some(close_to) = step.close_to {
            closed.extend(windows.close(close_to));
        }
    }
    closed
}
