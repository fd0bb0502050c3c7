//! What is kept about a task, and the kernel's tables.

use crate::workload::Spec;

pub const WEIGHTS: [i128; 40] = [
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501,
    1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];
pub const INVERSES: [i128; 40] = [
    48388, 59856, 76040, 92818, 118348, 147320, 184698, 229616, 287308, 360437, 449829, 563644, 704093, 875809,
    1099582, 1376151, 1717300, 2157191, 2708050, 3363326, 4194304, 5237765, 6557202, 8165337, 10153587, 12820798,
    15790321, 19976592, 24970740, 31350126, 39045157, 49367440, 61356676, 76695844, 95443717, 119304647, 148102320,
    186737708, 238609294, 286331153,
];
pub const INVERSE_OF_NICE_0: i128 = INVERSES[20];

#[derive(Default)]
pub struct Measures {
    pub completion: i64,
    pub turnaround: i64,
    pub response: i64,
    pub switches: i64,
    pub missed: i64,
}

pub struct Task {
    pub bursts: Vec<i64>,
    pub priority: i64,
    pub tickets: i64,
    pub period: Option<i64>,
    pub deadline: Option<i64>,
    pub weight: i128,
    pub inverse: i128,
    pub stride: i128,

    pub release: i64,
    pub jobs_to_come: i64,
    pub burst: usize,
    pub left: i64,
    pub begun: bool, // the job has had a tick, or waits for it on a processor
    pub arrived: bool,
    pub last_cpu: Option<usize>,

    pub ready_since: i64,
    pub order: u64, // its place in the ready order
    pub key: i128,  // its place in the queue
    pub picked_rank: i128,
    pub level: i64,
    pub used: i64,          // of the allotment, or of the quantum since the deadline was set
    pub virtual_time: i128, // or pass
    pub virtual_deadline: i128,
    pub lag: i128,
    pub measures: Measures,
}

impl Task {
    pub fn new(spec: &Spec) -> Task {
        let nice = (spec.nice + 20) as usize;
        Task {
            bursts: spec.bursts.clone(),
            priority: spec.priority,
            tickets: spec.tickets,
            period: spec.period,
            deadline: spec.deadline,
            weight: WEIGHTS[nice],
            inverse: INVERSES[nice],
            stride: (1_048_576 / spec.tickets) as i128,
            release: spec.arrival,
            jobs_to_come: spec.jobs - 1,
            burst: 0,
            left: 0,
            begun: false,
            arrived: false,
            last_cpu: None,
            ready_since: 0,
            order: 0,
            key: 0,
            picked_rank: 0,
            level: 0,
            used: 0,
            virtual_time: 0,
            virtual_deadline: 0,
            lag: 0,
            measures: Measures::default(),
        }
    }

    /// Its job has ended.
    pub fn complete(&mut self, now: i64) {
        let turnaround = now - self.release;
        self.measures.completion = now;
        self.measures.turnaround = self.measures.turnaround.max(turnaround);
        self.measures.missed += self.deadline.is_some_and(|deadline| turnaround > deadline) as i64;
    }
}
