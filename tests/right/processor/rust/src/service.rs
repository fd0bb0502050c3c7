//! What happens to lines, from their arrival to the ack: parse, take, log, aggregate, show.

use crate::log::{finish_snapshot, Log, Record};
use crate::places::Places;
use crate::reading::{Block, Reading, Rejected};
use crate::results::Results;
use crate::sequencer::{Sequencer, NEVER};
use crate::settings::Settings;
use crate::sketch::STATED_ERROR;
use crate::workers::Workers;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, io, process, thread};

const MEMORY_BOUND_MIB: u64 = 800;
const SNAPSHOT_AFTER_BYTES: u64 = 64 * 1024 * 1024;
const BLOCKS_AT_WORK_PER_WORKER: usize = 3;
const LOOK_FOR_IDLE: Duration = Duration::from_millis(50);

#[derive(Default)]
pub struct Answer {
    pub acks: BTreeMap<String, i64>,
    pub rejected: Vec<Rejected>,
}

pub struct Service {
    settings: Settings,
    pub results: Results,
    workers: Workers,
    /// Who gets this lock first comes first: in the order of taking, in the log, and with the workers.
    taking: Mutex<Taking>,
    places: Places, // for blocks
}

struct Taking {
    sequencer: Sequencer,
    log: Log,
    rejected: u64,
    showing: Sender<Box<dyn FnOnce() + Send>>, // what was applied and is to be shown, in order
}

impl Service {
    pub fn start(settings: Settings) -> io::Result<Arc<Self>> {
        let (log, snapshot) = Log::open(&settings.data_dir)?;
        let (showing, shows) = channel::<Box<dyn FnOnce() + Send>>();
        let service = Arc::new(Service {
            results: Results::open(&settings.data_dir)?,
            workers: Workers::start(&settings),
            places: Places::new(BLOCKS_AT_WORK_PER_WORKER * settings.workers),
            taking: Mutex::new(Taking {
                sequencer: Sequencer::new(&settings),
                log,
                rejected: 0,
                showing,
            }),
            settings,
        });
        thread::spawn(move || shows.into_iter().for_each(|show| show()));
        service.recover(snapshot)?;
        let ticking = service.clone();
        thread::spawn(move || ticking.look_for_idle_sensors());
        Ok(service)
    }

    fn recover(self: &Arc<Self>, snapshot: Option<PathBuf>) -> io::Result<()> {
        let mut taking = self.taking.lock().unwrap();
        let Taking {
            sequencer,
            log,
            showing,
            ..
        } = &mut *taking;
        if let Some(folder) = snapshot {
            sequencer.restore(&fs::read(folder.join("sequencer"))?);
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.extension().is_some_and(|extension| extension == "windows") {
                    self.workers.restore(fs::read(path)?);
                }
            }
        }
        log.replay(|record| {
            let steps = match record {
                Record::Taken(readings) => sequencer.take(readings).steps,
                Record::Idle(names) => sequencer.let_idle(&names),
                Record::Start => {
                    sequencer.begin();
                    Vec::new()
                }
            };
            let shown = self.apply(steps, showing);
            let _ = shown.recv();
        })?;
        sequencer.duplicates = 0;
        sequencer.begin();
        log.append(&Record::Start)
    }

    /// Takes the readings of whole lines. When it returns, they survive a crash.
    pub fn ingest(self: &Arc<Self>, block: Block) -> Answer {
        let _place = self.places.take();
        let parsed = self.workers.parse(block);
        let (acks, shown) = self.take(parsed.readings, parsed.rejected.len());
        let _ = shown.recv();
        Answer {
            acks,
            rejected: parsed.rejected,
        }
    }

    fn take(self: &Arc<Self>, readings: Vec<Reading>, rejected: usize) -> (BTreeMap<String, i64>, Receiver<()>) {
        let mut acks = BTreeMap::new();
        for reading in &readings {
            if !acks.contains_key(&reading.sensor) {
                acks.insert(reading.sensor.clone(), 0);
            }
        }
        let mut taking = self.taking.lock().unwrap();
        taking.rejected += rejected as u64;
        let outcome = taking.sequencer.take(readings);
        if !outcome.taken.is_empty() {
            or_end(taking.log.append(&Record::Taken(outcome.taken)));
        }
        for (sensor, seq) in &mut acks {
            *seq = taking.sequencer.highest(sensor);
        }
        let shown = self.apply(outcome.steps, &taking.showing);
        if taking.log.size > SNAPSHOT_AFTER_BYTES {
            self.take_snapshot(&mut taking);
        }
        (acks, shown)
    }

    /// Gives the workers their steps, and sees to it that what they close is shown in order.
    fn apply(
        self: &Arc<Self>,
        steps: Vec<crate::sequencer::Step>,
        showing: &Sender<Box<dyn FnOnce() + Send>>,
    ) -> Receiver<()> {
        let (done, shown) = channel();
        let answers = self.workers.apply(steps);
        let service = self.clone();
        let show = move || {
            let closed = answers
                .iter()
                .flat_map(|answer| answer.recv().expect("a worker answers"))
                .collect();
            or_end(service.results.append(closed));
            let _ = done.send(());
        };
        showing
            .send(Box::new(show))
            .expect("showing lives as long as the program");
        shown
    }

    fn look_for_idle_sensors(self: Arc<Self>) {
        loop {
            thread::sleep(LOOK_FOR_IDLE);
            let mut taking = self.taking.lock().unwrap();
            let names = taking.sequencer.idle_now();
            if !names.is_empty() {
                let steps = taking.sequencer.let_idle(&names);
                or_end(taking.log.append(&Record::Idle(names)));
                self.apply(steps, &taking.showing);
            }
        }
    }

    /// The workers save what they have between two steps, all between the same two.
    fn take_snapshot(&self, taking: &mut Taking) {
        let (generation, folder) = or_end(taking.log.begin_generation());
        let state = taking.sequencer.save();
        let answers = self.workers.save();
        let save = move || {
            // What was closed before is in the results by now.
            for (worker, answer) in answers.iter().enumerate() {
                let windows = answer.recv().expect("a worker answers");
                or_end(fs::write(folder.join(format!("{worker}.windows")), windows));
            }
            or_end(fs::write(folder.join("sequencer"), state));
            or_end(finish_snapshot(&folder, generation));
        };
        taking
            .showing
            .send(Box::new(save))
            .expect("showing lives as long as the program");
    }

    /// Names and numbers, as /stats and /metrics give them; the watermark is None as long as there is none.
    pub fn counts(&self) -> (Vec<(&'static str, u64)>, Option<i64>) {
        let taking = self.taking.lock().unwrap();
        let sequencer = &taking.sequencer;
        let counts = vec![
            ("accepted", sequencer.accepted),
            ("late", sequencer.late),
            ("duplicates", sequencer.duplicates),
            ("rejected", taking.rejected),
            ("windows_closed", self.results.count()),
            ("sensors", sequencer.sensor_count() as u64),
        ];
        (
            counts,
            Some(sequencer.watermark).filter(|watermark| *watermark != NEVER),
        )
    }

    pub fn stats(&self) -> String {
        let (counts, watermark) = self.counts();
        let counts: String = counts
            .iter()
            .map(|(name, count)| format!("\"{name}\": {count}, "))
            .collect();
        let watermark = watermark.map_or("null".to_string(), |watermark| watermark.to_string());
        format!(
            "{{{counts}\"watermark\": {watermark}, \"workers\": {}, \"percentile_error\": {STATED_ERROR}, \
             \"memory_bound_mib\": {MEMORY_BOUND_MIB}}}",
            self.settings.workers
        )
    }
}

/// Without its files the program can promise nothing, and the log has all that was promised.
fn or_end<T>(done: io::Result<T>) -> T {
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(1)
    })
}
