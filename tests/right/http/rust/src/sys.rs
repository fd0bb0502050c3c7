//! What the C library has and the standard library does not: waiting for two things at once, signals, limits, socket details.

use std::io;
use std::mem;
use std::os::fd::RawFd;
use std::ptr;
use std::time::Duration;

pub const READABLE: i16 = 1;
pub const WRITABLE: i16 = 4;
pub const NO_DESCRIPTORS: [i32; 2] = [24, 23]; // EMFILE, ENFILE
pub const NON_BLOCKING: i32 = 0o4000;
pub const NO_FOLLOW: i32 = 0o400000;

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const SIG_BLOCK: i32 = 0;
const RLIMIT_NOFILE: i32 = 7;
const SOL_SOCKET: i32 = 1;
const SO_LINGER: i32 = 13;
const SO_ERROR: i32 = 4;
const TIOCOUTQ: u64 = 0x5411;
const CLOSE_ON_EXEC: i32 = 0o2000000;

#[repr(C)]
struct PollFd {
    fd: i32,
    events: i16,
    revents: i16,
}

#[repr(C)]
struct Limit {
    soft: u64,
    hard: u64,
}

type Signals = [u64; 16];

extern "C" {
    fn poll(fds: *mut PollFd, count: u64, timeout_ms: i32) -> i32;
    fn ioctl(fd: i32, request: u64, argument: *mut i32) -> i32;
    fn setsockopt(fd: i32, level: i32, name: i32, value: *const i32, length: u32) -> i32;
    fn getsockopt(fd: i32, level: i32, name: i32, value: *mut i32, length: *mut u32) -> i32;
    fn listen(fd: i32, backlog: i32) -> i32;
    fn pipe2(fds: *mut i32, flags: i32) -> i32;
    fn close(fd: i32) -> i32;
    fn getrlimit(what: i32, limit: *mut Limit) -> i32;
    fn setrlimit(what: i32, limit: *const Limit) -> i32;
    fn sigemptyset(set: *mut Signals) -> i32;
    fn sigaddset(set: *mut Signals, signal: i32) -> i32;
    fn pthread_sigmask(how: i32, set: *const Signals, old: *mut Signals) -> i32;
    fn sigwait(set: *const Signals, signal: *mut i32) -> i32;
}

/// Waits until one of these is ready, for `None` as long as it takes; says for each of them whether it is.
pub fn wait<const N: usize>(what: [(RawFd, i16); N], longest: Option<Duration>) -> [bool; N] {
    let mut fds = what.map(|(fd, events)| PollFd { fd, events, revents: 0 });
    let ms = longest.map_or(-1, |time| time.as_micros().div_ceil(1000).min(1_000_000_000) as i32);
    // SAFETY: `fds` are N valid structures for as long as the call takes.
    let count = unsafe { poll(fds.as_mut_ptr(), N as u64, ms) };
    fds.map(|fd| count > 0 && fd.revents != 0)
}

/// How many bytes of what was sent the other side has not acknowledged.
pub fn unacknowledged(fd: RawFd) -> i64 {
    let mut bytes = 0;
    // SAFETY: the kernel writes one int.
    unsafe { ioctl(fd, TIOCOUTQ, &mut bytes) };
    bytes.into()
}

/// Makes the end of this socket a reset.
pub fn reset_when_closed(fd: RawFd) {
    let on_and_no_time = [1, 0];
    // SAFETY: `struct linger` is two ints.
    unsafe { setsockopt(fd, SOL_SOCKET, SO_LINGER, on_and_no_time.as_ptr(), 8) };
}

/// Whether something has happened to this socket that ended it.
pub fn is_broken(fd: RawFd) -> bool {
    let (mut error, mut length) = (0, 4);
    // SAFETY: the kernel writes one int.
    unsafe { getsockopt(fd, SOL_SOCKET, SO_ERROR, &mut error, &mut length) != 0 || error != 0 }
}

/// A longer queue than the standard library asks for.
pub fn lengthen_queue(fd: RawFd, connections: i32) {
    // SAFETY: a listening socket may be told again.
    unsafe { listen(fd, connections) };
}

/// The two ends of a pipe: reading, writing.
pub fn pipe() -> io::Result<(RawFd, RawFd)> {
    let mut fds = [0; 2];
    // SAFETY: the kernel writes two ints.
    match unsafe { pipe2(fds.as_mut_ptr(), CLOSE_ON_EXEC) } {
        0 => Ok((fds[0], fds[1])),
        _ => Err(io::Error::last_os_error()),
    }
}

pub fn close_fd(fd: RawFd) {
    // SAFETY: only called for the writing end of our own pipe, once.
    unsafe { close(fd) };
}

/// Raises the limit of descriptors as far as allowed, and says how many there are.
pub fn raise_descriptors() -> u64 {
    let mut limit = Limit { soft: 0, hard: 0 };
    // SAFETY: the structure is that of the kernel on 64-bit machines.
    unsafe {
        getrlimit(RLIMIT_NOFILE, &mut limit);
        let raised = Limit {
            soft: limit.hard,
            hard: limit.hard,
        };
        if setrlimit(RLIMIT_NOFILE, &raised) == 0 {
            limit.soft = limit.hard;
        }
    }
    limit.soft
}

/// Signals that end the program, held back from this thread and all that it starts.
pub struct StopSignals(Signals);

impl StopSignals {
    pub fn hold_back() -> StopSignals {
        // SAFETY: a set of signals is 128 bytes, which these functions fill.
        unsafe {
            let mut set: Signals = mem::zeroed();
            sigemptyset(&mut set);
            sigaddset(&mut set, SIGTERM);
            sigaddset(&mut set, SIGINT);
            pthread_sigmask(SIG_BLOCK, &set, ptr::null_mut());
            StopSignals(set)
        }
    }

    pub fn wait(&self) {
        let mut signal = 0;
        // SAFETY: the set is filled.
        unsafe { sigwait(&self.0, &mut signal) };
    }
}
