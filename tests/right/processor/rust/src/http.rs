//! As much of HTTP/1.1 (RFC 9112) as this service needs: requests with a body of known length, and connections that stay open.

use crate::ingest::send;
use crate::json::quoted;
use crate::places::{Place, Places};
use crate::stop::{stopping, timed_out, LOOK_UP};
use std::collections::HashMap;
use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const LARGEST_HEAD: usize = 16 * 1024;
pub const LARGEST_BODY: usize = 8 * 1024 * 1024;
const SMALL_BODY: usize = 64 * 1024;
static LARGE_BODIES: Places = Places::new(24);
const LINGER: Duration = Duration::from_secs(2);
/// A client that sends nothing of its body for so long is gone.
const BODY_PAUSE: Duration = Duration::from_secs(10);

pub struct Request {
    pub method: String,
    pub path: String,
    pub query: HashMap<String, String>,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    /// Is given back when the request has been answered.
    pub place: Option<Place<'static>>,
}

pub struct Response {
    pub status: u16,
    pub kind: &'static str,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(body: String) -> Self {
        Response {
            status: 200,
            kind: "application/json",
            body: body.into_bytes(),
        }
    }

    pub fn text(body: String) -> Self {
        Response {
            status: 200,
            kind: "text/plain; version=0.0.4",
            body: body.into_bytes(),
        }
    }

    pub fn error(status: u16, message: &str) -> Self {
        Response {
            status,
            ..Response::json(format!("{{\"error\": {}}}", quoted(message)))
        }
    }
}

/// What comes of reading a request.
pub enum Next {
    Request(Request),
    Refused(Response),
    End,
}

pub struct Connection {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK_UP))?;
        stream.set_write_timeout(Some(LOOK_UP))?;
        Ok(Connection {
            stream,
            buffer: Vec::new(),
        })
    }

    pub fn next_request(&mut self) -> io::Result<Next> {
        let head_end = loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            if self.buffer.len() > LARGEST_HEAD {
                return Ok(Next::Refused(Response::error(
                    431,
                    "the head of the request is too large",
                )));
            }
            if !self.read_more(None)? {
                return Ok(Next::End);
            }
        };
        let head: Vec<u8> = self.buffer.drain(..head_end + 4).collect();
        let Some(mut request) = parse_head(&String::from_utf8_lossy(&head)) else {
            return Ok(Next::Refused(Response::error(400, "this is not HTTP")));
        };
        if request.headers.contains_key("transfer-encoding") {
            return Ok(Next::Refused(Response::error(411, "the body needs a Content-Length")));
        }
        let length = request
            .headers
            .get("content-length")
            .map_or(Some(0), |text| text.parse().ok());
        let Some(length) = length.filter(|length| *length <= LARGEST_BODY) else {
            return Ok(Next::Refused(Response::error(413, "a body has at most 8 MiB")));
        };
        if request.headers.contains_key("expect") {
            send(&mut self.stream, b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.place = (length > SMALL_BODY).then(|| LARGE_BODIES.take());
        while self.buffer.len() < length {
            if !self.read_more(Some(Instant::now() + BODY_PAUSE))? {
                return Ok(Next::End);
            }
        }
        request.body = self.buffer.drain(..length).collect();
        Ok(Next::Request(request))
    }

    /// False at the client's end, at ours, and when nothing came for too long.
    fn read_more(&mut self, deadline: Option<Instant>) -> io::Result<bool> {
        let mut chunk = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(length) => {
                    self.buffer.extend_from_slice(&chunk[..length]);
                    return Ok(length > 0);
                }
                Err(error) if timed_out(&error) => {
                    if stopping() || deadline.is_some_and(|deadline| deadline < Instant::now()) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub fn answer(&mut self, response: &Response, stays_open: bool) -> io::Result<()> {
        let connection = if stays_open { "keep-alive" } else { "close" };
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n",
            response.status,
            phrase(response.status),
            response.kind,
            response.body.len()
        );
        send(&mut self.stream, &[head.as_bytes(), &response.body].concat())?;
        if !stays_open {
            self.linger()?;
        }
        Ok(())
    }

    /// Closing with unread input would send a reset, which can destroy the answer on its way.
    fn linger(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + LINGER;
        while Instant::now() < deadline && self.read_more(Some(deadline))? {
            self.buffer.clear();
        }
        Ok(())
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        404 => "Not Found",
        413 => "Content Too Large",
        _ => "Bad Request",
    }
}

fn parse_head(head: &str) -> Option<Request> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_string()))
    };
    Some(Request {
        method: method.to_string(),
        path: path.to_string(),
        query: query.split('&').filter(|part| !part.is_empty()).map(pair).collect(),
        headers: lines.filter_map(header).collect(),
        body: Vec::new(),
        place: None,
    })
}

/// Percent signs and plus signs, as forms write them.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
