//! A connection as bytes: what has come, what goes, and how long to wait for either.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::stop::Stop;
use crate::sys;

const READ_BYTES: usize = 16 * 1024;
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const LINGER: Duration = Duration::from_millis(1400);
const LINGER_AT_THE_END: Duration = Duration::from_millis(200);

/// Why reading or writing did not go on.
#[derive(Debug, PartialEq)]
pub enum End {
    /// What came is answered with this status, and nothing behind it is read.
    Refused(u16),
    /// An error that is known before the body has come.
    Early,
    TooLate,
    /// The client sends no more.
    Ended,
    Stopping,
    /// The client has vanished, or takes nothing.
    Gone,
}

pub struct Wire {
    tcp: TcpStream,
    stop: Arc<Stop>,
    stall: Duration,
    buffer: Vec<u8>,
    used: usize,
    sent: i64,
    taken: i64,
    taken_at: Instant,
}

impl Wire {
    pub fn new(tcp: TcpStream, stop: Arc<Stop>, stall: Duration) -> std::io::Result<Wire> {
        tcp.set_nonblocking(true)?;
        tcp.set_nodelay(true)?;
        let taken_at = Instant::now();
        Ok(Wire {
            tcp,
            stop,
            stall,
            buffer: Vec::new(),
            used: 0,
            sent: 0,
            taken: 0,
            taken_at,
        })
    }

    fn fd(&self) -> RawFd {
        self.tcp.as_raw_fd()
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.has_come()
    }

    /// What has come and is not consumed.
    pub fn here(&self) -> &[u8] {
        &self.buffer[self.used..]
    }

    pub fn consume(&mut self, count: usize) {
        self.used += count;
        if self.used == self.buffer.len() {
            self.used = 0;
            self.buffer = Vec::new(); // an idle connection keeps nothing
        }
    }

    /// Adds what the kernel has; false if that is nothing now.
    pub fn read_now(&mut self) -> Result<bool, End> {
        self.buffer.drain(..self.used);
        self.used = 0;
        let before = self.buffer.len();
        self.buffer.resize(before + READ_BYTES, 0);
        let result = self.tcp.read(&mut self.buffer[before..]);
        self.buffer.truncate(before + *result.as_ref().unwrap_or(&0));
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        match result {
            Ok(0) => Err(End::Ended),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(false),
            Err(_) => Err(End::Gone),
        }
    }

    /// Waits for more until a moment.
    pub fn read_until(&mut self, moment: Instant) -> Result<(), End> {
        while !self.read_now()? {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(End::TooLate);
            }
            sys::wait([(self.fd(), sys::READABLE)], Some(left));
        }
        Ok(())
    }

    /// The same, for a connection on which no whole head has come: when the program stops, it waits no more.
    pub fn read_head_until(&mut self, moment: Instant) -> Result<(), End> {
        while !self.read_now()? {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(End::TooLate);
            }
            let both = [(self.fd(), sys::READABLE), (self.stop.fd, sys::READABLE)];
            if sys::wait(both, Some(left)) == [false, true] {
                return Err(End::Stopping);
            }
        }
        Ok(())
    }

    /// Waits for a request to begin. While the answer before is still being taken, the connection is not idle.
    pub fn read_idle(&mut self, since: &mut Instant, idle: Duration) -> Result<(), End> {
        loop {
            let now = Instant::now();
            let waiting = self.untaken()?;
            if waiting > 0 {
                *since = now;
            }
            let until = *since + idle;
            if now >= until {
                return Err(End::TooLate);
            }
            let look_at = if waiting > 0 {
                until.min(now + LOOK_AGAIN)
            } else {
                until
            };
            match self.read_head_until(look_at) {
                Err(End::TooLate) => {}
                other => return other,
            }
        }
    }

    /// Sends all of it, as fast as the client takes it.
    pub fn send(&mut self, mut data: &[u8]) -> Result<(), End> {
        while !data.is_empty() {
            self.untaken()?;
            match self.tcp.write(data) {
                Ok(count) => {
                    self.sent += count as i64;
                    data = &data[count..];
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    sys::wait([(self.fd(), sys::WRITABLE)], Some(LOOK_AGAIN.min(self.stall)));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(End::Gone),
            }
        }
        Ok(())
    }

    /// How much of what was sent is not acknowledged. The kernel calls a socket writable in large steps only, so what tells whether
    /// a client takes something is this number.
    fn untaken(&mut self) -> Result<i64, End> {
        let waiting = sys::unacknowledged(self.fd());
        let now = Instant::now();
        if waiting == 0 || self.sent - waiting != self.taken {
            self.taken = self.sent - waiting;
            self.taken_at = now;
        }
        if now - self.taken_at >= self.stall {
            return Err(End::Gone);
        }
        Ok(waiting)
    }

    /// Ends the connection so that the answer arrives: closing with unread input would send a reset, which overtakes it.
    pub fn linger(&mut self) -> Result<(), End> {
        self.tcp.shutdown(Shutdown::Write).map_err(|_| End::Gone)?;
        self.sent += 1; // the end takes a number like a byte
        let mut until = Instant::now() + LINGER;
        let mut is_last = false;
        while Instant::now() < until {
            self.buffer = Vec::new();
            self.used = 0;
            match self.read_until(until.min(Instant::now() + LOOK_AGAIN)) {
                Ok(()) | Err(End::TooLate) => {}
                Err(End::Ended) => break,
                Err(end) => return Err(end),
            }
            if self.untaken()? > 0 {
                until = Instant::now() + LINGER;
            } else if self.is_stopping() && !is_last {
                is_last = true;
                until = until.min(Instant::now() + LINGER_AT_THE_END);
            }
        }
        while !sys::is_broken(self.fd()) && self.untaken()? > 0 {
            sys::wait([], Some(LOOK_AGAIN));
        }
        Ok(())
    }

    /// Ends the connection, and throws away what the client has not taken.
    pub fn abort(self) {
        sys::reset_when_closed(self.fd());
    }
}

/// Where lines come from: a wire, and how to wait for more on it.
pub trait Source {
    fn wire(&mut self) -> &mut Wire;
    fn more(&mut self) -> Result<(), End>;
}

/// The next line without its end, which together are at most `limit` bytes; longer ones are refused with the status.
pub fn read_line(source: &mut impl Source, limit: usize, too_long: u16) -> Result<Vec<u8>, End> {
    let mut seen = 0;
    loop {
        let here = source.wire().here();
        let found = here[seen..]
            .iter()
            .position(|&c| c == b'\r' || c == b'\n')
            .map(|at| at + seen);
        match found.map(|at| (at, here[at], here.get(at + 1))) {
            Some((_, b'\n', _)) => return Err(End::Refused(400)),
            Some((at, _, Some(b'\n'))) if at + 2 <= limit => {
                let line = here[..at].to_vec();
                source.wire().consume(at + 2);
                return Ok(line);
            }
            Some((_, _, Some(b'\n'))) => return Err(End::Refused(too_long)),
            Some((_, _, Some(_))) => return Err(End::Refused(400)),
            Some((at, _, None)) => seen = at,
            None => seen = here.len(),
        }
        if here.len() > limit {
            return Err(End::Refused(too_long));
        }
        source.more()?;
    }
}
