//! The requests that the service answers.

use crate::http::{Connection, Next, Request, Response};
use crate::ingest::{acks, send};
use crate::json::quoted;
use crate::reading::{is_sensor, Block};
use crate::results::Query;
use crate::service::{Answer, Service};
use crate::settings::digits;
use crate::stop::{self, stopping, Connections};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

const DEFAULT_LIMIT: i64 = 1000;
const LARGEST_LIMIT: i64 = 10_000;
const BLOCK: usize = 128 * 1024;
/// A stream on which nothing happens gets a comment so often.
const QUIET: Duration = Duration::from_secs(5);
const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";

pub fn listen(service: Arc<Service>, port: u16) -> io::Result<Connections> {
    stop::serve(port, move |stream| {
        let _ = Connection::new(stream).and_then(|mut connection| serve(&service, &mut connection));
    })
}

fn serve(service: &Arc<Service>, connection: &mut Connection) -> io::Result<()> {
    while !stopping() {
        let request = match connection.next_request()? {
            Next::End => return Ok(()),
            Next::Refused(response) => return connection.answer(&response, false),
            Next::Request(request) => request,
        };
        let stays_open = request
            .headers
            .get("connection")
            .is_none_or(|value| !value.eq_ignore_ascii_case("close"));
        let response = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/stream") => match stream(service, connection, &request) {
                Ok(done) => return done,
                Err(message) => Response::error(400, &message),
            },
            ("GET", "/windows") => match windows(service, &request) {
                Ok(done) => done?,
                Err(message) => Response::error(400, &message),
            },
            ("GET", "/healthz") => Response::text("ready\n".to_string()),
            ("GET", "/stats") => Response::json(service.stats()),
            ("GET", "/metrics") => Response::text(metrics(service)),
            ("POST", "/ingest") => Response::json(ingest(service, request.body)),
            (method, path) => Response::error(404, &format!("there is no {method} {path}")),
        };
        connection.answer(&response, stays_open)?;
        if !stays_open {
            return Ok(());
        }
    }
    Ok(())
}

fn metrics(service: &Service) -> String {
    let (counts, watermark) = service.counts();
    let mut text = String::new();
    for (name, count) in counts {
        let (suffix, kind) = if name == "sensors" {
            ("", "gauge")
        } else {
            ("_total", "counter")
        };
        text += &format!("# TYPE processor_{name}{suffix} {kind}\nprocessor_{name}{suffix} {count}\n");
    }
    if let Some(watermark) = watermark {
        text += &format!("# TYPE processor_watermark_ms gauge\nprocessor_watermark_ms {watermark}\n");
    }
    text
}

/// All lines of the body; the last one needs no newline.
fn ingest(service: &Arc<Service>, mut bytes: Vec<u8>) -> String {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    let mut whole = Answer::default();
    for block in (Block { first: 1, bytes }).split(BLOCK) {
        let answer = service.ingest(block);
        whole.acks.extend(answer.acks);
        whole.rejected.extend(answer.rejected);
    }
    let rejected = whole
        .rejected
        .iter()
        .map(|r| format!("{{\"line\": {}, \"reason\": {}}}", r.line, quoted(&r.reason)));
    let rejected: Vec<String> = rejected.collect();
    format!("{{\"ack\": {}, \"rejected\": [{}]}}", acks(&whole), rejected.join(", "))
}

/// An error of the inner kind is ours; one of the outer kind names the parameter that is wrong.
fn windows(service: &Service, request: &Request) -> Result<io::Result<Response>, String> {
    let after = request.query.get("after");
    let place = after.map_or(Ok(0), |text| cursor(service, "after", text))?;
    let query = Query {
        sensor: sensor_of(request)?,
        from: number_of(request, "from", 0, 0, i64::MAX)?,
        to: number_of(request, "to", i64::MAX, 0, i64::MAX)?,
        limit: number_of(request, "limit", DEFAULT_LIMIT, 1, LARGEST_LIMIT)? as usize,
    };
    Ok(service.results.page(place, &query).map(|(page, _)| {
        let next = page.last().map(|window| window.after.to_string()).or(after.cloned());
        let next = next.map_or("null".to_string(), |next| quoted(&next));
        let page: Vec<String> = page.into_iter().map(|window| window.json).collect();
        Response::json(format!("{{\"windows\": [{}], \"next\": {next}}}", page.join(", ")))
    }))
}

/// Server-sent events, read from the results: a client that is slow delays itself, and takes no memory.
fn stream(service: &Service, connection: &mut Connection, request: &Request) -> Result<io::Result<()>, String> {
    let query = Query {
        sensor: sensor_of(request)?,
        from: 0,
        to: i64::MAX,
        limit: DEFAULT_LIMIT as usize,
    };
    let place = match (request.headers.get("last-event-id"), request.query.get("after")) {
        (Some(id), _) => cursor(service, "Last-Event-ID", id)?,
        (None, Some(after)) => cursor(service, "after", after)?,
        (None, None) => service.results.end(), // begins with the next window that closes
    };
    Ok(send_events(service, connection, &query, place))
}

fn send_events(service: &Service, connection: &mut Connection, query: &Query, mut place: u64) -> io::Result<()> {
    send(&mut connection.stream, STREAM_HEAD)?;
    let mut last_sent = Instant::now();
    while !stopping() {
        let (page, looked) = service.results.page(place, query)?;
        let mut text = String::new();
        for window in &page {
            text += &format!("id: {}\nevent: window\ndata: {}\n\n", window.after, window.json);
        }
        if text.is_empty() && last_sent.elapsed() >= QUIET {
            text = ": nothing closed\n\n".to_string();
        }
        if !text.is_empty() {
            send(&mut connection.stream, text.as_bytes())?;
            last_sent = Instant::now();
        }
        place = looked;
        service.results.wait_for_more(place, stop::LOOK_UP);
    }
    Ok(())
}

fn cursor(service: &Service, name: &str, text: &str) -> Result<u64, String> {
    let place = digits(text).map(|place| place as u64);
    place
        .filter(|place| service.results.is_place(*place))
        .ok_or(format!("{name}: {text:.40?} is no cursor of this service"))
}

fn sensor_of(request: &Request) -> Result<Option<String>, String> {
    match request.query.get("sensor") {
        Some(name) if !is_sensor(name) => Err(format!("sensor: {name:.80?} is no sensor's name")),
        sensor => Ok(sensor.cloned()),
    }
}

fn number_of(request: &Request, name: &str, default: i64, low: i64, high: i64) -> Result<i64, String> {
    let Some(text) = request.query.get(name) else {
        return Ok(default);
    };
    match digits(text) {
        Some(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(format!(
            "{name}: expected a whole number from {low} to {high}, got {text:.40?}"
        )),
    }
}
