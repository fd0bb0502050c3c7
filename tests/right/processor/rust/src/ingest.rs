//! Readings over TCP: one thread for each connection, which reads only when it has answered.

use crate::json::quoted;
use crate::reading::Cutter;
use crate::service::{Answer, Service};
use crate::stop::{self, stopping, timed_out, Connections};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHUNK: usize = 128 * 1024; // at most this is read and not yet acknowledged on a connection
const LINGER: Duration = Duration::from_secs(1);
/// At the end: for clients that do not read their answers.
const WRITING: Duration = Duration::from_secs(4);

pub fn listen(service: Arc<Service>, port: u16) -> io::Result<Connections> {
    stop::serve(port, move |mut connection| {
        let _ = serve(&service, &mut connection); // a client that has vanished will come back and resend
    })
}

fn serve(service: &Arc<Service>, connection: &mut TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(stop::LOOK_UP))?;
    connection.set_write_timeout(Some(stop::LOOK_UP))?;
    let mut cutter = Cutter::default();
    let mut chunk = vec![0; CHUNK];
    while !stopping() {
        let length = match connection.read(&mut chunk) {
            Ok(0) => return Ok(()), // the client has said all
            Ok(length) => length,
            Err(error) if timed_out(&error) => continue,
            Err(error) => return Err(error),
        };
        if let Some(block) = cutter.cut(&chunk[..length]) {
            send(connection, encoded(&service.ingest(block)).as_bytes())?;
        }
    }
    linger(connection)
}

/// Writes all, however long the client takes; when the program stops, it has some seconds left.
pub fn send(connection: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    let mut deadline = None;
    while !bytes.is_empty() {
        match connection.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if timed_out(&error) => {
                if stopping() && *deadline.get_or_insert_with(|| Instant::now() + WRITING) <= Instant::now() {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Closing with unread input would send a reset, which can destroy acks on their way.
fn linger(connection: &mut TcpStream) -> io::Result<()> {
    connection.shutdown(Shutdown::Write)?;
    let deadline = Instant::now() + LINGER;
    let mut chunk = vec![0; CHUNK];
    while Instant::now() < deadline {
        match connection.read(&mut chunk) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if timed_out(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn encoded(answer: &Answer) -> String {
    let mut lines = String::new();
    for rejected in &answer.rejected {
        let reason = quoted(&rejected.reason);
        lines += &format!(
            "{{\"reject\": {{\"line\": {}, \"reason\": {reason}}}}}\n",
            rejected.line
        );
    }
    if !answer.acks.is_empty() {
        lines += &format!("{{\"ack\": {}}}\n", acks(answer));
    }
    lines
}

pub fn acks(answer: &Answer) -> String {
    let acks: Vec<String> = answer
        .acks
        .iter()
        .map(|(sensor, seq)| format!("\"{sensor}\": {seq}"))
        .collect();
    format!("{{{}}}", acks.join(", "))
}
