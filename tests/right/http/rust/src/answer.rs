//! Answers, and how they go over the wire.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use crate::dates;
use crate::request::Request;
use crate::wire::{End, Wire};

const PIECE_BYTES: u64 = 64 * 1024;
const LINES_BYTES: usize = 16 * 1024;

pub enum Content {
    Bytes(Vec<u8>),
    Part { file: File, first: u64, length: u64 },
    Numbers { to: u64, pause: Duration },
}

pub struct Answer {
    pub status: u16,
    pub fields: Vec<(&'static str, Vec<u8>)>,
    pub content: Content,
}

impl Answer {
    pub fn new(status: u16, fields: Vec<(&'static str, Vec<u8>)>, content: Content) -> Answer {
        Answer {
            status,
            fields,
            content,
        }
    }

    /// One with nothing to read: its status says all.
    pub fn bare(status: u16) -> Answer {
        Answer::new(status, Vec::new(), Content::Bytes(Vec::new()))
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Answer {
        self.fields.push((name, value.into()));
        self
    }

    pub fn send(self, wire: &mut Wire, request: &Request, closes: bool) -> Result<(), End> {
        let mut pending = self.head(request, closes);
        if request.method == "HEAD" || self.status == 304 {
            return wire.send(&pending);
        }
        match self.content {
            Content::Bytes(body) if body.len() as u64 <= PIECE_BYTES => {
                pending.extend_from_slice(&body);
                wire.send(&pending)
            }
            Content::Bytes(body) => {
                wire.send(&pending)?;
                wire.send(&body)
            }
            Content::Part { file, first, length } => send_part(wire, pending, &file, first, length),
            Content::Numbers { to, pause } => send_numbers(wire, pending, to, pause, !request.is_http_1_0),
        }
    }

    fn head(&self, request: &Request, closes: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        let mut add = |name: &str, value: &[u8]| {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        };
        for (name, value) in &self.fields {
            add(name, value);
        }
        match &self.content {
            _ if self.status == 304 => {}
            Content::Bytes(body) => add("Content-Length", body.len().to_string().as_bytes()),
            Content::Part { length, .. } => add("Content-Length", length.to_string().as_bytes()),
            Content::Numbers { .. } if request.is_http_1_0 || request.method == "HEAD" => {}
            Content::Numbers { .. } => add("Transfer-Encoding", b"chunked"),
        }
        add("Connection", if closes { b"close" } else { b"keep-alive" });
        add("Date", dates::written(dates::now()).as_bytes());
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// Sends the head with the first piece, then the others.
fn send_part(wire: &mut Wire, mut pending: Vec<u8>, file: &File, mut at: u64, length: u64) -> Result<(), End> {
    let end = at + length;
    while at < end {
        let begin = pending.len();
        pending.resize(begin + PIECE_BYTES.min(end - at) as usize, 0);
        let count = file.read_at(&mut pending[begin..], at).unwrap_or(0);
        if count == 0 {
            return Err(End::Gone); // the file has become shorter, and the length is promised
        }
        pending.truncate(begin + count);
        wire.send(&pending)?;
        pending.clear();
        at += count as u64;
    }
    wire.send(&pending)
}

fn send_numbers(wire: &mut Wire, mut pending: Vec<u8>, to: u64, pause: Duration, in_chunks: bool) -> Result<(), End> {
    let mut lines = Vec::new();
    for number in 1..=to {
        lines.extend_from_slice(format!("{number}\n").as_bytes());
        if number < to && pause.is_zero() && lines.len() < LINES_BYTES {
            continue;
        }
        if in_chunks {
            pending.extend_from_slice(format!("{:x}\r\n", lines.len()).as_bytes());
            lines.extend_from_slice(b"\r\n");
        }
        pending.append(&mut lines);
        if number == to && in_chunks {
            break;
        }
        wire.send(&pending)?;
        pending.clear();
        if number < to {
            thread::sleep(pause);
        }
    }
    if in_chunks {
        pending.extend_from_slice(b"0\r\n\r\n");
    }
    wire.send(&pending)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        304 => "Not Modified",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    }
}
