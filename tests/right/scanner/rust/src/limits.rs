use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, sleep_until, Instant};

/// The right to one connection. It goes back when it is dropped.
pub type Slot = OwnedSemaphorePermit;

/// Bounds the connections that are open at once. The bound falls when the system has fewer to give.
pub struct Slots {
    free: Arc<Semaphore>,
    limit: AtomicUsize,
}

impl Slots {
    pub fn new(limit: usize) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Slots {
            free: Arc::new(Semaphore::new(limit)),
            limit: AtomicUsize::new(limit),
        }
    }

    pub async fn take(&self) -> Slot {
        self.free.clone().acquire_owned().await.expect("never closed")
    }

    /// Exchanges a slot for which the system had no socket for one that another connection gave back.
    pub async fn exchange(&self, slot: Slot) -> Slot {
        if self.limit.load(Ordering::Relaxed) > 1 {
            self.limit.fetch_sub(1, Ordering::Relaxed);
            slot.forget();
            self.take().await
        } else {
            // Nothing of ours will close. Whoever holds the descriptors may.
            sleep(Duration::from_millis(20)).await;
            slot
        }
    }
}

/// Spaces the starts of connections evenly, so that no second, wherever it begins, holds more than the rate.
pub struct Pace {
    rate: Option<u32>,
    line: Mutex<Starts>,
}

struct Starts {
    next: Instant,
    recent: VecDeque<Instant>,
}

/// How far starts may trail their schedule and still catch up: timers are late by a millisecond now and then.
const LAG: Duration = Duration::from_millis(10);
const SECOND: Duration = Duration::from_secs(1);

impl Pace {
    pub fn new(rate: Option<u32>) -> Self {
        Pace {
            rate,
            line: Mutex::new(Starts {
                next: Instant::now(),
                recent: VecDeque::new(),
            }),
        }
    }

    /// Returns when one more connection may start. It waits with the lock held: the others stand in line.
    pub async fn wait(&self) {
        let Some(rate) = self.rate else { return };
        let mut starts = self.line.lock().await;
        sleep_until(starts.next).await;
        while starts.recent.front().is_some_and(|start| start.elapsed() > SECOND) {
            starts.recent.pop_front();
        }
        if starts.recent.len() >= rate as usize {
            let oldest = starts.recent.pop_front().expect("rate is at least 1");
            sleep_until(oldest + SECOND).await;
        }
        let now = Instant::now();
        starts.recent.push_back(now);
        starts.next = starts.next.max(now - LAG) + SECOND / rate;
    }
}
