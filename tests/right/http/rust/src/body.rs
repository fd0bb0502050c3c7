//! Bodies, read to their ends (RFC 9112, 6 and 7).

use std::time::{Duration, Instant};

use crate::request::{hex, Framing, Request};
use crate::sha256::Sha256;
use crate::wire::{read_line, End, Source, Wire};

const CHUNK_LINE_BYTES: usize = 4096 + 2;

/// What becomes of a body.
pub enum Sink {
    Forget,
    Keep(Vec<u8>),
    Hash(Box<Sha256>),
}

impl Sink {
    fn take(&mut self, piece: &[u8]) {
        match self {
            Sink::Forget => {}
            Sink::Keep(bytes) => bytes.extend_from_slice(piece),
            Sink::Hash(hash) => hash.update(piece),
        }
    }
}

/// What to do when the body is not there yet: a client may wait for a word.
#[derive(Clone, Copy, PartialEq)]
pub enum FirstWait {
    Nothing,
    SayContinue,
    AnswerEarly,
}

pub struct Body<'a> {
    pub wire: &'a mut Wire,
    pub sink: &'a mut Sink,
    pub stall: Duration,
    pub max_head_bytes: usize,
    pub max_body_bytes: u64,
    pub first_wait: FirstWait,
    pub read: u64,
}

impl Source for Body<'_> {
    fn wire(&mut self) -> &mut Wire {
        self.wire
    }

    fn more(&mut self) -> Result<(), End> {
        if self.first_wait != FirstWait::Nothing && self.wire.read_now()? {
            return Ok(());
        }
        match std::mem::replace(&mut self.first_wait, FirstWait::Nothing) {
            FirstWait::Nothing => {}
            FirstWait::SayContinue => self.wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")?,
            FirstWait::AnswerEarly => return Err(End::Early),
        }
        match self.wire.read_until(Instant::now() + self.stall) {
            Err(End::TooLate) => Err(End::Refused(408)),
            other => other,
        }
    }
}

impl Body<'_> {
    pub fn read_all(&mut self, request: &mut Request) -> Result<(), End> {
        match request.framing {
            Framing::Length(length) => self.read_bytes(length),
            Framing::Chunks => self.read_chunks(request),
        }
    }

    fn read_bytes(&mut self, mut count: u64) -> Result<(), End> {
        while count > 0 {
            let here = self.wire.here();
            if here.is_empty() {
                self.more()?;
                continue;
            }
            let size = count.min(here.len() as u64) as usize;
            self.sink.take(&here[..size]);
            self.wire.consume(size);
            self.read += size as u64;
            count -= size as u64;
        }
        Ok(())
    }

    fn read_chunks(&mut self, request: &mut Request) -> Result<(), End> {
        loop {
            let size = chunk_size(&read_line(self, CHUNK_LINE_BYTES, 400)?)?;
            if size == 0 {
                return self.read_trailers(request);
            }
            if size > self.max_body_bytes - self.read {
                return Err(End::Refused(413));
            }
            self.read_bytes(size)?;
            self.read_chunk_end()?;
        }
    }

    fn read_chunk_end(&mut self) -> Result<(), End> {
        for expected in *b"\r\n" {
            while self.wire.here().is_empty() {
                self.more()?;
            }
            if self.wire.here()[0] != expected {
                return Err(End::Refused(400));
            }
            self.wire.consume(1);
        }
        Ok(())
    }

    fn read_trailers(&mut self, request: &mut Request) -> Result<(), End> {
        let mut left = self.max_head_bytes;
        loop {
            let line = read_line(self, left, 431)?;
            if line.is_empty() {
                return Ok(());
            }
            left -= line.len() + 2;
            request.trailers.add(&line)?;
        }
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, End> {
    let digits = line.iter().take_while(|c| c.is_ascii_hexdigit()).count();
    let rest = &line[digits..];
    let extension = rest.iter().find(|c| **c != b' ' && **c != b'\t');
    if !(1..=16).contains(&digits) || (!rest.is_empty() && extension != Some(&b';')) {
        return Err(End::Refused(400));
    }
    Ok(line[..digits]
        .iter()
        .fold(0, |size, c| (size << 4) | u64::from(hex(*c).unwrap_or(0))))
}
