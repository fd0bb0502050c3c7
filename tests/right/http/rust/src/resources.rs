//! What there is, with which methods, and what becomes of a body there.

use std::path::Path;
use std::time::Duration;

use crate::answer::{Answer, Content};
use crate::body::Sink;
use crate::files;
use crate::request::{decoded, latin1, Fields, Request};
use crate::sha256::Sha256;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const MOST: u64 = 10_000_000;
const LONGEST_PAUSE_MS: u64 = 60_000;

#[derive(Clone, Copy)]
pub enum Resource {
    Health,
    Mirror,
    Echo,
    Count,
    File,
}

impl Resource {
    fn at(request: &Request) -> Option<Resource> {
        match request.path.as_str() {
            "/healthz" => Some(Resource::Health),
            "/mirror" => Some(Resource::Mirror),
            "/echo" => Some(Resource::Echo),
            "/count" => Some(Resource::Count),
            path if path.starts_with("/mirror/") => Some(Resource::Mirror),
            _ => {
                let (first, _) = request.raw_path[1..].split_once('/')?;
                (decoded(first)? == b"files").then_some(Resource::File)
            }
        }
    }

    fn methods(self) -> &'static [&'static str] {
        match self {
            Resource::Health | Resource::Count | Resource::File => &["GET", "HEAD"],
            Resource::Echo => &["PUT", "POST"],
            Resource::Mirror => &METHODS,
        }
    }

    pub fn sink(self) -> Sink {
        match self {
            Resource::Echo => Sink::Keep(Vec::new()),
            Resource::Mirror => Sink::Hash(Box::new(Sha256::new())),
            _ => Sink::Forget,
        }
    }

    /// Whether its answer depends on nothing in the body.
    pub fn needs_no_body(self) -> bool {
        !matches!(self, Resource::Echo | Resource::Mirror)
    }

    pub fn answer(self, request: &Request, sink: Sink, body_bytes: u64, root: &Path) -> Answer {
        match (self, sink) {
            (Resource::Health, _) => Answer::new(200, text(), Content::Bytes(b"ok".to_vec())),
            (Resource::Echo, Sink::Keep(body)) => echo(request, body),
            (Resource::Mirror, Sink::Hash(hash)) => mirror(request, body_bytes, &hash.hex()),
            (Resource::Count, _) => count(&request.query),
            (Resource::File, _) => files::answer(request, root),
            _ => Answer::bare(404),
        }
    }
}

/// The resource that takes this request, or the answer that says why there is none.
pub fn find(request: &Request) -> Result<Resource, Answer> {
    if !METHODS.contains(&request.method.as_str()) {
        return Err(Answer::bare(501));
    }
    if request
        .fields
        .members("expect")
        .iter()
        .any(|word| word != "100-continue")
    {
        return Err(Answer::bare(417));
    }
    let resource = Resource::at(request).ok_or_else(|| Answer::bare(404))?;
    if !resource.methods().contains(&request.method.as_str()) {
        return Err(Answer::bare(405).with("Allow", resource.methods().join(",")));
    }
    Ok(resource)
}

fn text() -> Vec<(&'static str, Vec<u8>)> {
    vec![("Content-Type", b"text/plain;charset=utf-8".to_vec())]
}

fn echo(request: &Request, body: Vec<u8>) -> Answer {
    let kind = request.fields.all("content-type").find(|kind| !kind.is_empty());
    let kind = kind.unwrap_or(b"application/octet-stream").to_vec();
    Answer::new(200, vec![("Content-Type", kind)], Content::Bytes(body))
}

fn mirror(request: &Request, body_bytes: u64, sha256: &str) -> Answer {
    let method = if request.method == "HEAD" {
        "GET"
    } else {
        &request.method
    }; // the length is that of the answer to GET
    let version = if request.is_http_1_0 { "1.0" } else { "1.1" };
    let json = format!(
        r#"{{"method":{},"target":{},"path":{},"query":{},"version":"{version}","fields":{},"body_bytes":{body_bytes},"body_sha256":"{sha256}","trailers":{}}}"#,
        quoted(method),
        quoted(&request.target),
        quoted(&request.path),
        quoted(&request.query),
        pairs(&request.fields),
        pairs(&request.trailers),
    );
    Answer::new(
        200,
        vec![("Content-Type", b"application/json".to_vec())],
        Content::Bytes(json.into_bytes()),
    )
}

fn pairs(fields: &Fields) -> String {
    let pair = |(name, value): &(String, Vec<u8>)| format!("[{},{}]", quoted(name), quoted(&latin1(value)));
    format!("[{}]", fields.0.iter().map(pair).collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", c as u32)),
            c => json.push(c),
        }
    }
    json + "\""
}

fn count(query: &str) -> Answer {
    let to = parameter(query, "to", MOST);
    let pause_ms = parameter(query, "pause_ms", LONGEST_PAUSE_MS);
    match (to, pause_ms) {
        (Ok(Some(to)), Ok(pause_ms)) => {
            let pause = Duration::from_millis(pause_ms.unwrap_or(0));
            Answer::new(200, text(), Content::Numbers { to, pause })
        }
        _ => Answer::bare(400),
    }
}

/// The number of this name, if it is there; an error if it is wrong, or there twice.
fn parameter(query: &str, name: &str, most: u64) -> Result<Option<u64>, ()> {
    let parts = query.split('&').map(|part| part.split_once('=').unwrap_or((part, "")));
    let values: Vec<&str> = parts
        .filter(|(other, _)| *other == name)
        .map(|(_, value)| value)
        .collect();
    match values[..] {
        [] => Ok(None),
        [text] if !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()) => {
            text.parse().ok().filter(|value| *value <= most).map(Some).ok_or(())
        }
        _ => Err(()),
    }
}
