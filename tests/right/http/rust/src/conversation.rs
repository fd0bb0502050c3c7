//! What happens on one connection.

use std::time::Instant;

use crate::answer::Answer;
use crate::body::{Body, FirstWait, Sink};
use crate::request::{Framing, Request};
use crate::resources::{find, Resource};
use crate::settings::Settings;
use crate::wire::{read_line, End, Source, Wire};

/// Serves one connection to its end.
pub fn converse(mut wire: Wire, settings: &Settings) {
    let mut idle_since = Instant::now();
    let end = loop {
        match serve_one(&mut wire, settings, &mut idle_since) {
            Ok(true) => idle_since = Instant::now(),
            Ok(false) => break wire.linger(),
            Err(end) => break Err(end),
        }
    };
    if end == Err(End::Gone) {
        wire.abort();
    }
}

/// Answers one request; whether another may follow.
fn serve_one(wire: &mut Wire, settings: &Settings, idle_since: &mut Instant) -> Result<bool, End> {
    await_request(wire, settings, idle_since)?;
    let mut request = Request::new();
    let (answer, ends) = match read_and_answer(wire, settings, &mut request) {
        Ok(pair) => pair,
        Err(End::Refused(status)) => (Answer::bare(status), true),
        Err(end) => return Err(end),
    };
    let closes = ends || request.wants_close() || wire.is_stopping();
    answer.send(wire, &request, closes)?;
    Ok(!closes && !wire.is_stopping())
}

/// Returns when a request has begun. Empty lines before it are no part of it.
fn await_request(wire: &mut Wire, settings: &Settings, idle_since: &mut Instant) -> Result<(), End> {
    loop {
        while wire.here().starts_with(b"\r\n") {
            wire.consume(2);
        }
        if !wire.here().is_empty() && wire.here() != b"\r" {
            return Ok(());
        }
        wire.read_idle(idle_since, settings.idle)?;
    }
}

struct Head<'a> {
    wire: &'a mut Wire,
    until: Instant,
}

impl Source for Head<'_> {
    fn wire(&mut self) -> &mut Wire {
        self.wire
    }

    fn more(&mut self) -> Result<(), End> {
        match self.wire.read_head_until(self.until) {
            Err(End::TooLate) => Err(End::Refused(408)),
            other => other,
        }
    }
}

fn read_head(wire: &mut Wire, settings: &Settings, request: &mut Request) -> Result<(), End> {
    let mut head = Head {
        wire,
        until: Instant::now() + settings.head,
    };
    let mut left = settings.max_head_bytes;
    let line = read_line(&mut head, left, 414)?;
    left -= line.len() + 2;
    request.read_line(&line)?;
    loop {
        let line = read_line(&mut head, left, 431)?;
        if line.is_empty() {
            return request.check(settings.max_body_bytes);
        }
        left -= line.len() + 2;
        request.fields.add(&line)?;
    }
}

/// The answer, and whether the end of the request is unclear, so that the connection has to end.
fn read_and_answer(wire: &mut Wire, settings: &Settings, request: &mut Request) -> Result<(Answer, bool), End> {
    read_head(wire, settings, request)?;
    let mut found = find(request);
    let expects = !request.is_http_1_0 && !request.fields.members("expect").is_empty();
    let has_body = request.framing != Framing::Length(0);
    let mut sink = found.as_ref().map_or(Sink::Forget, |resource| resource.sink());
    if let (true, true, Ok(resource)) = (expects, has_body, &found) {
        found = early_error(*resource, request, settings).map_or(found, Err);
    }
    let mut body = Body {
        wire,
        sink: &mut sink,
        stall: settings.stall,
        max_head_bytes: settings.max_head_bytes,
        max_body_bytes: settings.max_body_bytes,
        first_wait: match (&found, expects) {
            (_, false) => FirstWait::Nothing,
            (Ok(_), true) => FirstWait::SayContinue,
            (Err(_), true) => FirstWait::AnswerEarly,
        },
        read: 0,
    };
    let result = body.read_all(request);
    let body_bytes = body.read;
    match (result, found) {
        (Err(End::Early), Err(answer)) => Ok((answer, true)),
        (Err(end), _) => Err(end),
        (Ok(()), Ok(resource)) => Ok((resource.answer(request, sink, body_bytes, &settings.root), false)),
        (Ok(()), Err(answer)) => Ok((answer, false)),
    }
}

/// The error that this request gets whatever its body is.
fn early_error(resource: Resource, request: &Request, settings: &Settings) -> Option<Answer> {
    if !resource.needs_no_body() {
        return None;
    }
    let answer = resource.answer(request, Sink::Forget, 0, &settings.root);
    (answer.status >= 400).then_some(answer)
}
