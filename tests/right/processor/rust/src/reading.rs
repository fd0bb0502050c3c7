//! From bytes to readings: cutting what arrives into lines, and parsing a line.

use crate::json::{self, Value};

const LONGEST_LINE: usize = 4096;
const LONGEST_SENSOR: usize = 64;
const LARGEST_INTEGER: i64 = (1 << 53) - 1;

#[derive(Debug, Clone)]
pub struct Reading {
    pub sensor: String,
    pub seq: i64,
    pub ts: i64,
    pub value: f64,
}

#[derive(Debug)]
pub struct Rejected {
    pub line: usize,
    pub reason: String,
}

/// Whole lines with newlines between them, and the number of the first.
#[derive(Debug)]
pub struct Block {
    pub first: usize,
    pub bytes: Vec<u8>,
}

/// Cuts what arrives on one connection into blocks of whole lines, and counts them.
#[derive(Default)]
pub struct Cutter {
    tail: Vec<u8>,
    seen: usize,
}

impl Cutter {
    /// The lines that are complete now.
    pub fn cut(&mut self, data: &[u8]) -> Option<Block> {
        let Some(last) = data.iter().rposition(|byte| *byte == b'\n') else {
            self.keep(data);
            return None;
        };
        let mut bytes = std::mem::take(&mut self.tail);
        bytes.extend_from_slice(&data[..last]);
        self.keep(&data[last + 1..]);
        let first = self.seen + 1;
        self.seen += count_lines(&bytes);
        Some(Block { first, bytes })
    }

    /// Of a line that is too long already, as much as shows that it is.
    fn keep(&mut self, data: &[u8]) {
        let room = LONGEST_LINE + 1 - self.tail.len();
        self.tail.extend_from_slice(&data[..data.len().min(room)]);
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count() + 1
}

impl Block {
    /// Cuts the block into pieces of whole lines, of about that size.
    pub fn split(self, size: usize) -> Vec<Block> {
        let (mut pieces, mut first, mut rest) = (Vec::new(), self.first, &self.bytes[..]);
        while rest.len() > size {
            let Some(end) = rest[size..].iter().position(|byte| *byte == b'\n') else {
                break;
            };
            let (piece, after) = rest.split_at(size + end);
            pieces.push(Block {
                first,
                bytes: piece.to_vec(),
            });
            first += count_lines(piece);
            rest = &after[1..];
        }
        pieces.push(Block {
            first,
            bytes: rest.to_vec(),
        });
        pieces
    }
}

#[derive(Debug, Default)]
pub struct Parsed {
    pub readings: Vec<Reading>,
    pub rejected: Vec<Rejected>,
}

pub fn parse(block: &Block) -> Parsed {
    let mut parsed = Parsed::default();
    for (line, number) in block.bytes.split(|byte| *byte == b'\n').zip(block.first..) {
        match parse_line(line) {
            Ok(Some(reading)) => parsed.readings.push(reading),
            Ok(None) => {}
            Err(reason) => parsed.rejected.push(Rejected { line: number, reason }),
        }
    }
    parsed
}

/// None for a line that is empty or white space.
fn parse_line(line: &[u8]) -> Result<Option<Reading>, String> {
    if line.len() > LONGEST_LINE {
        return Err(format!("the line is longer than {LONGEST_LINE} bytes"));
    }
    if line.iter().all(|byte| b" \t\r".contains(byte)) {
        return Ok(None);
    }
    let text = std::str::from_utf8(line).map_err(|error| format!("not UTF-8: {error}"))?;
    let (mut sensor, mut seq, mut ts, mut value) = (None, None, None, None);
    json::each_field(text, |name, found| match name {
        "sensor" => sensor = Some(found),
        "seq" => seq = Some(found),
        "ts" => ts = Some(found),
        "value" => value = Some(found),
        _ => {}
    })?;
    Ok(Some(Reading {
        sensor: sensor_of(sensor)?,
        seq: integer_of("seq", seq, 1, LARGEST_INTEGER)?,
        ts: integer_of("ts", ts, 0, LARGEST_INTEGER)?,
        value: value_of(value)?,
    }))
}

fn sensor_of(field: Option<Value>) -> Result<String, String> {
    match field {
        Some(Value::Text(name)) if is_sensor(&name) => Ok(name.into_owned()),
        other => Err(format!(
            "sensor: expected 1 to {LONGEST_SENSOR} letters, digits, '.', '_', ':', '-', got {}",
            shown(&other)
        )),
    }
}

pub fn is_sensor(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    (1..=LONGEST_SENSOR).contains(&name.len()) && name.bytes().all(allowed)
}

fn integer_of(name: &str, field: Option<Value>, low: i64, high: i64) -> Result<i64, String> {
    let written = match field {
        Some(Value::Number(text)) if !text.contains(['.', 'e', 'E']) => text,
        other => return Err(format!("{name}: expected an integer, got {}", shown(&other))),
    };
    match written.parse() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(format!("{name}: expected {low} to {high}, got {written:.80}")),
    }
}

fn value_of(field: Option<Value>) -> Result<f64, String> {
    let number: f64 = match &field {
        Some(Value::Number(text)) => text.parse().map_err(|error| format!("value: {error}"))?,
        other => return Err(format!("value: expected a number, got {}", shown(other))),
    };
    if !number.is_finite() {
        return Err("value: larger than a 64-bit float can hold".to_string());
    }
    Ok(number)
}

fn shown(field: &Option<Value>) -> String {
    match field {
        None => "nothing".to_string(),
        Some(Value::Text(text)) => json::quoted(text).chars().take(80).collect(),
        Some(Value::Number(text) | Value::Other(text)) => text.chars().take(80).collect(),
    }
}
