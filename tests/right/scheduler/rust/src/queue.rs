//! Ready tasks in an ordered set, with sums that make virtual time cheap.

use std::collections::BTreeSet;

use crate::task::Task;

/// What a policy orders by, the ready order, and the task.
pub type Place = (i128, u64, usize);

#[derive(Default)]
pub struct Queue {
    pub ready: BTreeSet<Place>,
    pub cpus: Vec<usize>,
    pub floor: i128,
    pub resting_time: i128,
    pub woken: bool,
    pub weight: i128,   // of the ready tasks
    pub weighted: i128, // Σ w·v of the ready tasks
    pub tickets: i64,
}

impl Queue {
    pub fn insert(&mut self, index: usize, task: &Task) {
        self.ready.insert((task.key, task.order, index));
        self.weight += task.weight;
        self.weighted += task.weight * task.virtual_time;
        self.tickets += task.tickets;
    }

    pub fn remove(&mut self, index: usize, task: &Task) {
        self.ready.remove(&(task.key, task.order, index));
        self.weight -= task.weight;
        self.weighted -= task.weight * task.virtual_time;
        self.tickets -= task.tickets;
    }
}
