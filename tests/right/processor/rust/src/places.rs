//! Bounds how much is worked on at the same time. Who finds no place waits, and reads no more meanwhile.

use std::sync::{Condvar, Mutex};

pub struct Places {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    pub const fn new(count: usize) -> Self {
        Places {
            free: Mutex::new(count),
            freed: Condvar::new(),
        }
    }

    pub fn take(&self) -> Place<'_> {
        let mut free = self
            .freed
            .wait_while(self.free.lock().unwrap(), |free| *free == 0)
            .unwrap();
        *free -= 1;
        Place(self)
    }
}

pub struct Place<'a>(&'a Places);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap() += 1;
        self.0.freed.notify_one();
    }
}
