//! An HTTP server that does not read yet: whatever is asked, it answers 200 with nothing in it, and closes the connection.

use std::io::{self, Read, Write};
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

/// The answer to a request with this head, as it goes over the wire.
fn answer_to(_head: &[u8]) -> Vec<u8> {
    // Begin here: the first line says what is asked. Answer /healthz with the two letters ok, as text/plain, and anything else
    // with 404. Content-Length counts the bytes of the body, and Date is missing.
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
}

/// Answers one request; each connection has a thread of its own.
fn serve(mut connection: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        // As much as is there, which may be a part of the head, or more than it.
        let count = connection.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&piece[..count]);
    }
    connection.write_all(&answer_to(&head))
}

fn main() {
    let port: u16 = number("PORT");
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| {
        eprintln!("port {port}: {error}");
        exit(1)
    });
    for connection in listener.incoming().flatten() {
        thread::spawn(move || serve(connection)); // an error means that the client is gone
    }
}
