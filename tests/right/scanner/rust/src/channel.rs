//! Connections with an end: each reads at most 64 KiB and lives no longer than the timeout.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{timeout_at, Instant};

use crate::limits::{Pace, Slot, Slots};
use crate::options::Options;
use crate::report::State;

pub const READ_LIMIT: usize = 64 * 1024;

/// What questions are asked through: a connection, or TLS on top of one.
pub trait Channel {
    /// Adds to `heard` what arrives next; 0 is the end, or the limit.
    async fn read(&mut self, heard: &mut Vec<u8>) -> Result<usize>;
    async fn write(&mut self, message: &[u8]) -> Result<()>;
}

pub struct Connection {
    stream: TcpStream,
    start: Instant,
    timeout: Duration,
    left: usize,
    _slot: Slot, // declared last, dropped last: the socket is closed when the slot goes back
}

impl Connection {
    /// Like read, but gives up when that share of the connection's life is over.
    pub async fn read_early(&mut self, heard: &mut Vec<u8>, share: f64) -> Result<usize> {
        let deadline = self.start + self.timeout.mul_f64(share);
        let mut limited = (&mut self.stream).take(self.left as u64);
        heard.reserve(16 * 1024);
        let count = timeout_at(deadline, limited.read_buf(heard)).await??;
        self.left -= count;
        Ok(count)
    }
}

impl Channel for Connection {
    async fn read(&mut self, heard: &mut Vec<u8>) -> Result<usize> {
        self.read_early(heard, 1.0).await
    }

    async fn write(&mut self, message: &[u8]) -> Result<()> {
        timeout_at(self.start + self.timeout, self.stream.write_all(message)).await?
    }
}

/// What came of an attempt. An open port may have no connection: it may be cut at once.
pub struct Attempt {
    pub state: State,
    pub rtt: Duration,
    pub connection: Option<Connection>,
}

/// Opens connections within the user's limits and the system's.
pub struct Network {
    pub slots: Slots,
    pub timeout: Duration,
    pace: Pace,
}

impl Network {
    pub fn new(options: &Options) -> Self {
        Network {
            slots: Slots::new(options.concurrency),
            timeout: options.timeout,
            pace: Pace::new(options.rate),
        }
    }

    /// Tries until the system has a socket for it: running out of them says nothing about the port.
    pub async fn connect(&self, to: SocketAddr, mut slot: Slot) -> Attempt {
        loop {
            match self.attempt(to).await {
                Ok((stream, start)) => {
                    let rtt = start.elapsed();
                    if is_self_connect(&stream) {
                        return Attempt {
                            state: State::Closed,
                            rtt,
                            connection: None,
                        };
                    }
                    let connection = Connection {
                        stream,
                        start,
                        timeout: self.timeout,
                        left: READ_LIMIT,
                        _slot: slot,
                    };
                    return Attempt {
                        state: State::Open,
                        rtt,
                        connection: Some(connection),
                    };
                }
                Err((error, _)) if is_shortage(&error) => slot = self.slots.exchange(slot).await,
                Err((error, start)) => {
                    return Attempt {
                        state: state_of(&error),
                        rtt: start.elapsed(),
                        connection: None,
                    };
                }
            }
        }
    }

    async fn attempt(&self, to: SocketAddr) -> std::result::Result<(TcpStream, Instant), (Error, Instant)> {
        let socket = if to.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        };
        let socket = socket.map_err(|error| (error, Instant::now()))?;
        self.pace.wait().await;
        let start = Instant::now();
        match timeout_at(start + self.timeout, socket.connect(to)).await {
            Ok(Ok(stream)) => Ok((stream, start)),
            Ok(Err(error)) => Err((error, start)),
            Err(late) => Err((late.into(), start)),
        }
    }
}

/// On loopback a socket may pick the very port it connects to as its own: two SYNs cross, the handshake completes,
/// and nobody is there.
fn is_self_connect(stream: &TcpStream) -> bool {
    matches!((stream.local_addr(), stream.peer_addr()), (Ok(local), Ok(peer)) if local == peer)
}

fn is_shortage(error: &Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM | libc::EADDRNOTAVAIL)
    )
}

fn state_of(error: &Error) -> State {
    match error.kind() {
        ErrorKind::ConnectionRefused => State::Closed,
        // A reset instead of a SYN-ACK is "refused". This one came after the handshake, before we could look.
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => State::Open,
        _ => State::Filtered,
    }
}
