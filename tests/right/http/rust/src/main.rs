//! An HTTP/1.1 server from sockets: a thread for each connection.

mod answer;
mod body;
mod conditions;
mod conversation;
mod dates;
mod files;
mod request;
mod resources;
mod settings;
mod sha256;
mod stop;
mod sys;
mod wire;

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::exit;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use conversation::converse;
use settings::Settings;
use stop::Stop;
use sys::StopSignals;
use wire::Wire;

const QUEUE: i32 = 4096;
const STACK_BYTES: usize = 128 * 1024;
const MOST_CONNECTIONS: u64 = 8192;
const SPARE_DESCRIPTORS: u64 = 16; // for files, when connections have all others
const PATIENCE: Duration = Duration::from_millis(9500);
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

struct Server {
    settings: Settings,
    stop: Arc<Stop>,
    most: u64,
    open: Mutex<u64>,
    closed: Condvar,
}

fn main() {
    let settings = Settings::read().unwrap_or_else(|line| {
        eprintln!("{line}");
        exit(2)
    });
    let port = settings.port;
    if let Err(error) = serve(settings) {
        eprintln!("PORT {port}: {error}");
        exit(1);
    }
}

fn serve(settings: Settings) -> io::Result<()> {
    let signals = StopSignals::hold_back();
    let listener = TcpListener::bind(("127.0.0.1", settings.port))?;
    listener.set_nonblocking(true)?;
    sys::lengthen_queue(listener.as_raw_fd(), QUEUE);
    let stop = Arc::new(Stop::new()?);
    let server = Arc::new(Server {
        settings,
        stop,
        most: most_connections()?,
        open: Mutex::new(0),
        closed: Condvar::new(),
    });
    let accepting = {
        let server = Arc::clone(&server);
        thread::spawn(move || server.accept(&listener))
    };
    signals.wait();
    let until = Instant::now() + PATIENCE;
    server.stop.come();
    let _ = accepting.join();
    server.wait_for_room(|open| open == 0, until);
    exit(0) // what is not done by now ends with the program
}

/// As many as there are descriptors for.
fn most_connections() -> io::Result<u64> {
    let limit = sys::raise_descriptors();
    let used = fs::read_dir("/proc/self/fd")?.count() as u64;
    Ok(limit
        .saturating_sub(used + SPARE_DESCRIPTORS)
        .clamp(1, MOST_CONNECTIONS))
}

impl Server {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        while !self.stop.has_come() {
            if !self.wait_for_room(|open| open < self.most, Instant::now() + ACCEPT_AGAIN) {
                continue;
            }
            sys::wait(
                [(listener.as_raw_fd(), sys::READABLE), (self.stop.fd, sys::READABLE)],
                None,
            );
            self.accept_one(listener);
        }
        // Those that had come before the end.
        while self.wait_for_room(|open| open < self.most, Instant::now()) && self.accept_one(listener) {}
    }

    fn accept_one(self: &Arc<Self>, listener: &TcpListener) -> bool {
        match listener.accept() {
            Ok((tcp, _)) => {
                self.begin(tcp);
                true
            }
            Err(error) => {
                if error.kind() != ErrorKind::WouldBlock {
                    thread::sleep(ACCEPT_AGAIN); // nothing is left, or the client has gone again
                }
                false
            }
        }
    }

    fn begin(self: &Arc<Self>, tcp: TcpStream) {
        self.count(1);
        let server = Arc::clone(self);
        let run = move || {
            if let Ok(wire) = Wire::new(tcp, Arc::clone(&server.stop), server.settings.stall) {
                converse(wire, &server.settings);
            }
            server.count(-1);
        };
        if thread::Builder::new().stack_size(STACK_BYTES).spawn(run).is_err() {
            self.count(-1);
        }
    }

    fn count(&self, change: i64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = open.saturating_add_signed(change);
        self.closed.notify_all();
    }

    /// Waits until the number of open connections is as wanted; false if that takes too long.
    fn wait_for_room(&self, wanted: impl Fn(u64) -> bool, until: Instant) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = until.saturating_duration_since(Instant::now());
        let waited = self.closed.wait_timeout_while(open, longest, |open| !wanted(*open));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}
