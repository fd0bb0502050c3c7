//! A data processor that takes nothing yet: it listens on both ports, and reads lines without answering them.

mod json;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::exit;
use std::str::FromStr;
use std::thread;

/// A whole number from the environment. The brief has bounds and defaults; add them as you come to them.
fn number<T: FromStr>(name: &str) -> T {
    let text = std::env::var(name).unwrap_or_default();
    text.parse().unwrap_or_else(|_| {
        eprintln!("{name}: expected a whole number, got {text:?}");
        exit(2)
    })
}

/// Takes one reading; the line that is answered to its sender.
fn take(line: &str) -> Option<String> {
    // Begin here: look at the fields of the reading. Put it into the window that starts at ts - ts % WINDOW_MS, in a table
    // that all connections share (and a lock with it). Answer {"ack": {its sensor: its seq}}.
    let _reading = json::parse(line).ok()?;
    None
}

/// Reads what one client sends; each connection has a thread of its own.
fn serve_readings(connection: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(&connection);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Some(answer) = take(&String::from_utf8_lossy(&line)) {
            (&connection).write_all(answer.as_bytes())?;
        }
        line.clear();
    }
    Ok(())
}

/// Answers one request and closes the connection.
fn serve_request(connection: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(&connection).take(16 * 1024);
    let (mut request, mut header) = (String::new(), String::new());
    lines.read_line(&mut request)?;
    while lines.read_line(&mut header)? > 2 {
        header.clear();
    }
    let (status, body) = match request.split(' ').nth(1) {
        Some("/healthz") => ("200 OK", r#"{"ready": true}"#),
        // Then /windows: the closed windows, in order.
        _ => ("404 Not Found", r#"{"error": "there is no such path"}"#),
    };
    write!(
        &connection,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn serve(listener: TcpListener, serve: fn(TcpStream) -> io::Result<()>) {
    for connection in listener.incoming().flatten() {
        thread::spawn(move || serve(connection)); // an error means that the client is gone
    }
}

fn listen(port: u16) -> TcpListener {
    TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| {
        eprintln!("port {port}: {error}");
        exit(1)
    })
}

fn main() {
    let readings = listen(number("INGEST_PORT"));
    let requests = listen(number("PORT"));
    thread::spawn(|| serve(readings, serve_readings));
    serve(requests, serve_request);
}
