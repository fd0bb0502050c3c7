//! The moment when the program is told to stop.

use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys;

/// A flag to look at, and a pipe to wait for: its end comes with the stop, for everybody who waits.
pub struct Stop {
    has_come: AtomicBool,
    pub fd: RawFd,
    writing: RawFd,
}

impl Stop {
    pub fn new() -> io::Result<Stop> {
        let (fd, writing) = sys::pipe()?;
        Ok(Stop {
            has_come: AtomicBool::new(false),
            fd,
            writing,
        })
    }

    pub fn has_come(&self) -> bool {
        self.has_come.load(Ordering::SeqCst)
    }

    pub fn come(&self) {
        if !self.has_come.swap(true, Ordering::SeqCst) {
            sys::close_fd(self.writing);
        }
    }
}
