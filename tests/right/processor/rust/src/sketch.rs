//! Percentiles with a bounded relative error, from counts in buckets (the idea of DDSketch, VLDB 2019).
//!
//! Bucket i counts the sizes v with RATIO^(i-1) < v <= RATIO^i; its middle is at most ERROR away from each of them, relatively. The keys of
//! the map sort as the values do: negative values below 0, zero at 0, positive values above.

use crate::bytes::{Reader, Writer};
use std::collections::BTreeMap;

pub const STATED_ERROR: f64 = 0.01;
const ERROR: f64 = 0.0099; // a little less than stated, so that rounding at the edge of a bucket does no harm
const RATIO: f64 = (1.0 + ERROR) / (1.0 - ERROR);
/// More than the number of the lowest bucket that a 64-bit float can be in, which is -37,600.
const SHIFT: i32 = 40_000;

#[derive(Debug, Clone, Default)]
pub struct Sketch {
    counts: BTreeMap<i32, u32>,
}

impl Sketch {
    pub fn add(&mut self, value: f64) {
        *self.counts.entry(key(value)).or_default() += 1;
    }

    pub fn merge(&mut self, other: &Sketch) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
    }

    /// The estimate of the value at place ⌈percent/100 · count⌉, in whole numbers: 0.95 · 100 would round.
    pub fn percentile(&self, percent: u64, count: u64) -> f64 {
        let place = (percent * count).div_ceil(100);
        let mut below = 0;
        for (key, count) in &self.counts {
            below += u64::from(*count);
            if below >= place {
                return middle(*key);
            }
        }
        unreachable!("the counts add up to {count}")
    }

    pub fn save(&self, out: &mut Writer) {
        out.number(self.counts.len() as i64);
        for (key, count) in &self.counts {
            out.number(i64::from(*key));
            out.number(i64::from(*count));
        }
    }

    pub fn load(data: &mut Reader) -> Self {
        let length = data.number();
        let counts = (0..length)
            .map(|_| (data.number() as i32, data.number() as u32))
            .collect();
        Sketch { counts }
    }
}

fn key(value: f64) -> i32 {
    if value == 0.0 {
        return 0;
    }
    let bucket = (value.abs().ln() / RATIO.ln()).ceil() as i32;
    (bucket + SHIFT) * value.signum() as i32
}

fn middle(key: i32) -> f64 {
    if key == 0 {
        return 0.0;
    }
    let size = (f64::from(key.abs() - SHIFT) * RATIO.ln()).exp() * (2.0 / (1.0 + RATIO));
    size * f64::from(key.signum())
}
