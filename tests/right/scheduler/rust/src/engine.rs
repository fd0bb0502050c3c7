//! Plays the processors: an agenda of ticks, and the four steps at each of them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::options::{Options, Policy};
use crate::queue::Queue;
use crate::task::{Task, INVERSE_OF_NICE_0};
use crate::workload::Workload;

const NEVER: i64 = i64::MAX;

#[derive(Clone, Copy)]
pub struct Segment {
    pub cpu: usize,
    pub task: usize,
    pub start: i64,
    pub end: i64,
}

struct Cpu {
    task: Option<usize>,
    last: Option<usize>,
    picked: i64,
    begins: i64,
    settled: i64, // up to here the task's ticks are accounted for
    slice_end: i64,
    consider_again: i64,
    segments: Vec<Segment>,
}

pub struct Engine<'a> {
    options: &'a Options,
    policy: Policy,
    switch_cost: i64,
    migration_cost: i64,
    pub tasks: Vec<Task>,
    cpus: Vec<Cpu>,
    queues: Vec<Queue>,
    agenda: BTreeSet<i64>,
    waking: BinaryHeap<Reverse<(i64, usize)>>,
    unfinished: usize,
    now: i64,
    orders: u64,
    random: u64,
    next_boost: i64,
}

impl<'a> Engine<'a> {
    pub fn new(options: &'a Options, workload: &Workload) -> Engine<'a> {
        let cpu = |_| Cpu {
            task: None,
            last: None,
            picked: 0,
            begins: 0,
            settled: 0,
            slice_end: NEVER,
            consider_again: NEVER,
            segments: Vec::new(),
        };
        let cpus: Vec<usize> = (0..workload.cpus).collect();
        let queue = |cpus: &[usize]| Queue {
            cpus: cpus.to_vec(),
            ..Queue::default()
        };
        let mut engine = Engine {
            options,
            policy: options.policy,
            switch_cost: workload.switch_cost,
            migration_cost: workload.migration_cost,
            tasks: workload.tasks.iter().map(Task::new).collect(),
            queues: if options.per_cpu {
                cpus.chunks(1).map(queue).collect()
            } else {
                vec![queue(&cpus)]
            },
            cpus: cpus.iter().map(cpu).collect(),
            agenda: BTreeSet::new(),
            waking: BinaryHeap::new(),
            unfinished: workload.tasks.len(),
            now: 0,
            orders: 0,
            random: options.seed as u64,
            next_boost: NEVER,
        };
        for (index, spec) in workload.tasks.iter().enumerate() {
            engine.wake_at(spec.arrival, index);
        }
        if options.policy == Policy::Mlfq && options.boost > 0 {
            engine.next_boost = options.boost;
            engine.agenda.insert(options.boost);
        }
        engine
    }

    pub fn run(&mut self) {
        while self.unfinished > 0 {
            self.now = self.agenda.pop_first().expect("an unfinished task has a tick to come");
            self.settle();
            self.end_bursts();
            self.wake();
            self.end_slices();
            self.choose();
            self.skip_quiet_slices();
            self.plan();
        }
    }

    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.cpus.iter().flat_map(|cpu| &cpu.segments)
    }

    fn preemptive(&self) -> bool {
        use Policy::*;
        matches!(self.policy, Srtf | Priority | Mlfq | Cfs | Eevdf | Edf | RateMonotonic)
    }

    fn only_after_waking(&self) -> bool {
        matches!(self.policy, Policy::Cfs | Policy::Eevdf)
    }

    fn wake_at(&mut self, tick: i64, index: usize) {
        self.waking.push(Reverse((tick, index)));
        self.agenda.insert(tick);
    }

    fn next_waking(&self) -> i64 {
        self.waking.peek().map_or(NEVER, |&Reverse((tick, _))| tick)
    }

    fn queue_of(&self, cpu: usize) -> usize {
        if self.queues.len() > 1 {
            cpu
        } else {
            0
        }
    }

    /// Accounts for the ticks that passed since the last tick of the agenda.
    fn settle(&mut self) {
        for cpu in &mut self.cpus {
            let Some(index) = cpu.task else { continue };
            let ran = self.now - cpu.settled;
            if ran <= 0 {
                continue; // it is still switching
            }
            cpu.settled = self.now;
            let task = &mut self.tasks[index];
            task.left -= ran;
            match self.policy {
                Policy::Mlfq => task.used += ran,
                Policy::Stride => task.virtual_time += task.stride * ran as i128,
                Policy::Cfs => task.virtual_time += task.inverse * ran as i128,
                Policy::Eevdf => {
                    task.virtual_time += task.inverse * ran as i128;
                    task.used += ran;
                }
                _ => {}
            }
        }
    }

    // --- step 1

    fn end_bursts(&mut self) {
        for cpu in 0..self.cpus.len() {
            let Some(index) = self.cpus[cpu].task else { continue };
            if self.tasks[index].left > 0 {
                continue;
            }
            if self.policy == Policy::Eevdf {
                self.keep_lag(index, self.queue_of(cpu));
            }
            self.demote(index);
            self.stop(cpu);
            let task = &mut self.tasks[index];
            if task.burst + 1 < task.bursts.len() {
                let tick = self.now + task.bursts[task.burst + 1];
                task.burst += 2;
                self.wake_at(tick, index);
                continue;
            }
            task.complete(self.now);
            if task.jobs_to_come == 0 {
                self.unfinished -= 1;
                continue;
            }
            task.jobs_to_come -= 1;
            task.burst = 0;
            task.begun = false;
            task.release += task.period.unwrap_or(0);
            let tick = task.release.max(self.now);
            self.wake_at(tick, index);
        }
    }

    fn keep_lag(&mut self, index: usize, queue: usize) {
        let virtual_time = self.virtual_time(queue);
        self.queues[queue].resting_time = virtual_time;
        let task = &mut self.tasks[index];
        let bound = 2 * self.options.quantum as i128 * task.inverse;
        task.lag = (virtual_time - task.virtual_time).clamp(-bound, bound);
    }

    /// One level down if the allotment is used up; says whether it was.
    fn demote(&mut self, index: usize) -> bool {
        let task = &mut self.tasks[index];
        let has_allotment = self.policy == Policy::Mlfq && task.level + 1 < self.options.levels;
        let used_up = has_allotment && task.used >= self.options.allotment;
        if used_up {
            task.level += 1;
            task.used = 0;
        }
        used_up
    }

    // --- step 2

    fn wake(&mut self) {
        for queue in &mut self.queues {
            queue.woken = false;
        }
        while self.next_waking() == self.now {
            let Some(Reverse((_, index))) = self.waking.pop() else {
                return;
            };
            let queue = self.home(index);
            self.queues[queue].woken = true;
            let first = !self.tasks[index].arrived;
            self.join(index, queue, first);
            let task = &mut self.tasks[index];
            task.arrived = true;
            task.left = task.bursts[task.burst];
            self.make_ready(index, queue);
        }
    }

    fn home(&self, index: usize) -> usize {
        if self.queues.len() == 1 {
            return 0;
        }
        let load = |&queue: &usize| self.queues[queue].ready.len() + self.cpus[queue].task.is_some() as usize;
        let least = (0..self.queues.len()).min_by_key(load);
        self.tasks[index].last_cpu.or(least).unwrap_or(0)
    }

    fn join(&mut self, index: usize, queue: usize, first: bool) {
        let virtual_time = if self.policy == Policy::Eevdf {
            self.virtual_time(queue)
        } else {
            0
        };
        let floor = self.queues[queue].floor;
        let task = &mut self.tasks[index];
        match self.policy {
            Policy::Stride | Policy::Cfs if first => task.virtual_time = floor,
            Policy::Stride => task.virtual_time = task.virtual_time.max(floor),
            Policy::Cfs => {
                let credit = (self.options.latency / 2) as i128 * INVERSE_OF_NICE_0;
                task.virtual_time = task.virtual_time.max(floor - credit);
            }
            Policy::Eevdf => {
                task.virtual_time = virtual_time - task.lag;
                task.used = 0;
                task.virtual_deadline = task.virtual_time + self.options.quantum as i128 * task.inverse;
            }
            _ => {}
        }
    }

    fn make_ready(&mut self, index: usize, queue: usize) {
        self.orders += 1;
        let task = &mut self.tasks[index];
        task.order = self.orders;
        task.ready_since = self.now;
        task.key = match self.policy {
            Policy::Lottery => index as i128,
            _ => key(self.policy, self.options, task),
        };
        self.queues[queue].insert(index, task);
    }

    // --- step 3

    fn end_slices(&mut self) {
        for cpu in 0..self.cpus.len() {
            let Some(index) = self.cpus[cpu].task else { continue };
            let used_up = self.demote(index);
            if self.cpus[cpu].slice_end != self.now && !used_up {
                continue;
            }
            if self.policy == Policy::Eevdf {
                let task = &mut self.tasks[index];
                task.used = 0;
                task.virtual_deadline = task.virtual_time + self.options.quantum as i128 * task.inverse;
            }
            self.stop(cpu);
            self.make_ready(index, self.queue_of(cpu));
        }
        if self.now == self.next_boost {
            self.boost();
        }
    }

    fn boost(&mut self) {
        self.next_boost += self.options.boost;
        for queue in &mut self.queues {
            for (level, order, index) in std::mem::take(&mut queue.ready) {
                // The set is in the order of levels already: only the numbers change.
                debug_assert_eq!((level, order), (self.tasks[index].key, self.tasks[index].order));
                self.orders += 1;
                let task = &mut self.tasks[index];
                task.order = self.orders;
                task.key = 0;
                queue.ready.insert((0, self.orders, index));
            }
        }
        for task in &mut self.tasks {
            task.level = 0;
            task.used = 0;
        }
    }

    // --- step 4

    fn choose(&mut self) {
        for queue in 0..self.queues.len() {
            while let Some(cpu) = self.idle(queue) {
                let Some(index) = self.pick(queue) else { break };
                let last = self.tasks[index].last_cpu;
                let place = last.filter(|&last| self.cpus[last].task.is_none()).unwrap_or(cpu);
                self.leave_queue(index, queue);
                self.start(index, place, queue);
            }
        }
        if self.queues.len() > 1 {
            self.steal();
        }
        if self.preemptive() {
            for queue in 0..self.queues.len() {
                self.replace(queue);
            }
        }
    }

    fn idle(&self, queue: usize) -> Option<usize> {
        self.queues[queue]
            .cpus
            .iter()
            .copied()
            .find(|&cpu| self.cpus[cpu].task.is_none())
    }

    fn steal(&mut self) {
        for thief in 0..self.cpus.len() {
            if self.cpus[thief].task.is_some() {
                continue;
            }
            let fullest = (0..self.queues.len())
                .rev()
                .max_by_key(|&queue| self.queues[queue].ready.len());
            let Some(robbed) = fullest else { return };
            let Some(index) = self.pick(robbed) else { return };
            let change = match self.policy {
                Policy::Stride | Policy::Cfs => self.queues[thief].floor - self.queues[robbed].floor,
                Policy::Eevdf => self.virtual_time(thief) - self.virtual_time(robbed),
                _ => 0,
            };
            self.leave_queue(index, robbed);
            self.tasks[index].virtual_time += change;
            self.tasks[index].virtual_deadline += change;
            self.start(index, thief, thief);
        }
    }

    fn leave_queue(&mut self, index: usize, queue: usize) {
        self.queues[queue].remove(index, &self.tasks[index]);
    }

    fn replace(&mut self, queue: usize) {
        let considered = !self.only_after_waking() || self.queues[queue].woken;
        for place in 0..self.queues[queue].cpus.len() {
            let cpu = &mut self.cpus[self.queues[queue].cpus[place]];
            let untouched = cpu.task.is_some() && cpu.picked < self.now && cpu.begins >= self.now;
            if considered && untouched {
                cpu.consider_again = cpu.begins + 1;
            }
        }
        loop {
            let replaceable = |&cpu: &usize| {
                let state = &self.cpus[cpu];
                state.task.is_some() && state.begins < self.now && (considered || state.consider_again == self.now)
            };
            let candidates = self.queues[queue].cpus.iter().copied().filter(replaceable);
            let Some(cpu) = candidates.max_by_key(|&cpu| (self.running_rank(cpu), cpu)) else {
                return;
            };
            let Some(index) = self.pick(queue) else { return };
            if !self.replaces(index, cpu, queue) {
                return;
            }
            self.leave_queue(index, queue);
            let other = self.stop(cpu);
            self.make_ready(other, queue);
            self.start(index, cpu, queue);
        }
    }

    fn running_rank(&self, cpu: usize) -> i128 {
        let Some(index) = self.cpus[cpu].task else { return 0 };
        match self.policy {
            Policy::Priority if self.options.aging > 0 => self.tasks[index].picked_rank,
            _ => key(self.policy, self.options, &self.tasks[index]),
        }
    }

    fn replaces(&self, index: usize, cpu: usize, queue: usize) -> bool {
        let task = &self.tasks[index];
        let running = self.running_rank(cpu);
        match self.policy {
            Policy::Priority if self.options.aging > 0 => task.key - (self.now as i128) < running,
            Policy::Cfs => running - task.virtual_time > self.options.granularity as i128 * task.inverse,
            Policy::Eevdf => self.eligible(index, queue) && task.virtual_deadline < running,
            _ => task.key < running,
        }
    }

    fn pick(&mut self, queue: usize) -> Option<usize> {
        let &(_, _, first) = self.queues[queue].ready.first()?;
        match self.policy {
            Policy::Lottery => Some(self.draw(queue)),
            Policy::Eevdf => {
                let mut places = self.queues[queue].ready.iter();
                let eligible = places.find(|place| self.eligible(place.2, queue)).map(|place| place.2);
                let least = |place: &&crate::queue::Place| (self.tasks[place.2].virtual_time, place.1);
                eligible.or_else(|| self.queues[queue].ready.iter().min_by_key(least).map(|place| place.2))
            }
            _ => Some(first),
        }
    }

    /// The set of a lottery is in the order of the workload.
    fn draw(&mut self, queue: usize) -> usize {
        self.random = self.random * 48271 % 2_147_483_647;
        let mut winning = (self.random % self.queues[queue].tickets as u64) as i64;
        for place in &self.queues[queue].ready {
            winning -= self.tasks[place.2].tickets;
            if winning < 0 {
                return place.2;
            }
        }
        unreachable!("the winning ticket is one of the queue's")
    }

    /// Σ w and Σ w·v over all that are ready or running.
    fn sums(&self, queue: usize) -> (i128, i128) {
        let state = &self.queues[queue];
        let running = state
            .cpus
            .iter()
            .filter_map(|&cpu| self.cpus[cpu].task)
            .map(|index| &self.tasks[index]);
        running.fold((state.weight, state.weighted), |(weight, weighted), task| {
            (weight + task.weight, weighted + task.weight * task.virtual_time)
        })
    }

    fn virtual_time(&self, queue: usize) -> i128 {
        match self.sums(queue) {
            (0, _) => self.queues[queue].resting_time,
            (weight, weighted) => weighted.div_euclid(weight),
        }
    }

    fn eligible(&self, index: usize, queue: usize) -> bool {
        let (weight, weighted) = self.sums(queue);
        self.tasks[index].virtual_time * weight <= weighted
    }

    fn start(&mut self, index: usize, number: usize, queue: usize) {
        let cpu = &mut self.cpus[number];
        let task = &mut self.tasks[index];
        let mut begins = self.now;
        if cpu.last != Some(index) {
            task.measures.switches += 1;
            begins += self.switch_cost;
        }
        if task.last_cpu.is_some_and(|last| last != number) {
            begins += self.migration_cost;
        }
        if !task.begun {
            task.begun = true;
            task.measures.response = task.measures.response.max(begins - task.release);
        }
        task.last_cpu = Some(number);
        task.picked_rank = task.key - self.now as i128;
        let state = &mut self.queues[queue];
        state.floor = state.floor.max(task.virtual_time);
        cpu.task = Some(index);
        cpu.last = Some(index);
        cpu.picked = self.now;
        cpu.begins = begins;
        cpu.settled = begins;
        cpu.consider_again = NEVER;
        cpu.slice_end = NEVER;
        if self.policy == Policy::Eevdf {
            self.cpus[number].slice_end = begins + self.options.quantum - self.tasks[index].used;
        } else if let Some(slice) = self.new_slice(index, queue) {
            self.cpus[number].slice_end = begins + slice;
        }
        self.agenda.insert(begins + 1);
    }

    fn new_slice(&self, index: usize, queue: usize) -> Option<i64> {
        match self.policy {
            Policy::RoundRobin | Policy::Mlfq | Policy::Lottery | Policy::Stride | Policy::Eevdf => {
                Some(self.options.quantum)
            }
            Policy::Cfs => {
                let share = self.options.latency as i128 * self.tasks[index].weight / self.sums(queue).0;
                Some((share as i64).max(self.options.granularity))
            }
            _ => None,
        }
    }

    fn stop(&mut self, number: usize) -> usize {
        let cpu = &mut self.cpus[number];
        let task = cpu.task.take().expect("only a running task is stopped");
        match cpu.segments.last_mut() {
            Some(last) if last.task == task && last.end == cpu.begins => last.end = self.now,
            _ => cpu.segments.push(Segment {
                cpu: number,
                task,
                start: cpu.begins,
                end: self.now,
            }),
        }
        task
    }

    // --- what comes next

    /// Puts on the agenda what the state of the processors brings about.
    fn plan(&mut self) {
        self.agenda.insert(self.next_boost);
        for queue in &self.queues {
            for &number in &queue.cpus {
                let cpu = &self.cpus[number];
                let Some(index) = cpu.task else { continue };
                let task = &self.tasks[index];
                self.agenda.insert(cpu.settled.max(self.now) + task.left);
                if cpu.slice_end > self.now {
                    self.agenda.insert(cpu.slice_end);
                }
                if self.policy == Policy::Mlfq && task.level + 1 < self.options.levels {
                    self.agenda
                        .insert(cpu.settled.max(self.now) + self.options.allotment - task.used);
                }
                if let (Policy::Priority, Some(&(key, _, _))) = (self.policy, queue.ready.first()) {
                    let overtaken = (key - task.picked_rank + 1) as i64;
                    if self.options.aging > 0 && overtaken > self.now {
                        self.agenda.insert(overtaken);
                    }
                }
            }
        }
        while self.agenda.first().is_some_and(|&tick| tick <= self.now) {
            self.agenda.pop_first();
        }
    }

    /// While nobody waits, slices follow one another without a choice: what they leave behind is computed at once.
    fn skip_quiet_slices(&mut self) {
        if self.queues.iter().any(|queue| !queue.ready.is_empty()) {
            return;
        }
        let mut quiet_until = self.next_waking();
        for cpu in &self.cpus {
            if let Some(index) = cpu.task {
                quiet_until = quiet_until.min(cpu.settled.max(self.now) + self.tasks[index].left);
            }
        }
        if quiet_until == NEVER {
            return;
        }
        self.skip_boosts(quiet_until);
        for number in 0..self.cpus.len() {
            let Some(index) = self.cpus[number].task else { continue };
            let queue = self.queue_of(number);
            let Some(slice) = self.new_slice(index, queue) else {
                continue;
            };
            let start = self.cpus[number].settled.max(self.now);
            let mut until = quiet_until.min(self.next_boost);
            if self.policy == Policy::Mlfq && self.tasks[index].level + 1 < self.options.levels {
                until = until.min(start + self.options.allotment - self.tasks[index].used);
            }
            if self.cpus[number].slice_end >= until {
                continue;
            }
            let count = (until - self.cpus[number].slice_end + slice - 1) / slice;
            self.cpus[number].slice_end += count * slice;
            let before_the_last = self.cpus[number].slice_end - slice - start;
            self.renew(index, queue, count, before_the_last);
        }
    }

    fn renew(&mut self, index: usize, queue: usize, count: i64, ticks: i64) {
        let task = &mut self.tasks[index];
        let floor = &mut self.queues[queue].floor;
        match self.policy {
            Policy::Stride => *floor = (*floor).max(task.virtual_time + task.stride * ticks as i128),
            Policy::Cfs => *floor = (*floor).max(task.virtual_time + task.inverse * ticks as i128),
            Policy::Eevdf => {
                task.virtual_deadline = task.virtual_time + task.inverse * (ticks + self.options.quantum) as i128;
                task.used = -ticks;
            }
            Policy::Lottery => self.random = self.random * power(48271, count as u64) % 2_147_483_647,
            _ => {}
        }
    }

    /// Of the boosts while nobody waits, only the last two leave a trace: where turns end may depend on the one before.
    fn skip_boosts(&mut self, until: i64) {
        if self.next_boost == NEVER {
            return;
        }
        let last = ((until - 1) / self.options.boost - 1) * self.options.boost;
        if last < self.next_boost {
            return;
        }
        for task in &mut self.tasks {
            task.level = 0;
            task.used = 0;
        }
        for cpu in &self.cpus {
            if let Some(index) = cpu.task {
                self.tasks[index].used = (cpu.settled.max(self.now) - last).min(0);
            }
        }
        self.next_boost = last + self.options.boost;
    }
}

/// What a ready task is ordered by. With aging, ranks of ready tasks sink alike: their order stays.
fn key(policy: Policy, options: &Options, task: &Task) -> i128 {
    let number = match policy {
        Policy::Fcfs | Policy::RoundRobin | Policy::Lottery => 0,
        Policy::Sjf | Policy::Srtf => task.left,
        Policy::Priority if options.aging > 0 => task.priority * options.aging + task.ready_since,
        Policy::Priority => task.priority,
        Policy::Mlfq => task.level,
        Policy::Stride | Policy::Cfs => return task.virtual_time,
        Policy::Eevdf => return task.virtual_deadline,
        Policy::Edf => task.deadline.map_or(NEVER, |deadline| task.release + deadline),
        Policy::RateMonotonic => task.period.unwrap_or(NEVER),
    };
    number as i128
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % 2_147_483_647;
        }
        base = base * base % 2_147_483_647;
        exponent >>= 1;
    }
    result
}
