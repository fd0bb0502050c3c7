//! Whether a client wants the file at all, and which part (RFC 9110, 13 and 14).

use crate::dates;
use crate::request::{Fields, Request};

pub struct Validators {
    pub tag: String,
    /// Seconds since 1970.
    pub modified: i64,
}

/// 304 or 412, or nothing if the request is to be served.
pub fn judge(fields: &Fields, file: &Validators) -> Option<u16> {
    let date = |name| fields.joined(name).and_then(|text| dates::read(&text));
    let fails = match fields.joined("if-match") {
        Some(list) => !has_tag(&list, &file.tag, false),
        None => date("if-unmodified-since").is_some_and(|since| file.modified > since),
    };
    if fails {
        return Some(412);
    }
    let is_known = match fields.joined("if-none-match") {
        Some(list) => has_tag(&list, &file.tag, true),
        None => date("if-modified-since").is_some_and(|since| file.modified <= since),
    };
    is_known.then_some(304)
}

/// Whether the list has the tag; one marked as weak counts only if the comparison is weak.
fn has_tag(list: &str, tag: &str, weakly: bool) -> bool {
    if list == "*" {
        return true;
    }
    let mut has = false;
    let mut rest = list.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (is_weak, opaque) = rest.strip_prefix("W/").map_or((false, rest), |opaque| (true, opaque));
        let Some((inner, behind)) = opaque.strip_prefix('"').and_then(|text| text.split_once('"')) else {
            return false;
        };
        if inner.contains([' ', '\t']) {
            return false;
        }
        has |= &opaque[..inner.len() + 2] == tag && (weakly || !is_weak);
        let behind = behind.trim_start_matches([' ', '\t']);
        if !behind.is_empty() && !behind.starts_with(',') {
            return false;
        }
        rest = behind.trim_start_matches([' ', '\t', ',']);
    }
    has
}

pub enum Part {
    All,
    Of { first: u64, length: u64 },
    Nothing,
}

pub fn wanted_part(request: &Request, file: &Validators, size: u64) -> Part {
    let range = request.fields.joined("range").filter(|_| request.method == "GET");
    let Some((first, last)) = range.as_deref().and_then(read_range) else {
        return Part::All;
    };
    if !is_same(request, file) {
        return Part::All;
    }
    let (first, end) = match (first, last) {
        (None, suffix) => (size.saturating_sub(suffix.unwrap_or(0)), size),
        (Some(first), last) => (first, last.map_or(size, |last| size.min(last.saturating_add(1)))),
    };
    if first >= end {
        return Part::Nothing;
    }
    Part::Of {
        first,
        length: end - first,
    }
}

/// First and last byte of a range; without a first one the last is how many from the end.
fn read_range(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (position(first)?, position(last)?);
    let is_ordered = first.zip(last).is_none_or(|(first, last)| first <= last);
    let is_any = first.is_some() || last.is_some();
    (unit.eq_ignore_ascii_case("bytes") && is_ordered && is_any).then_some((first, last))
}

/// A number, or none if there are no digits; None for what is no number.
fn position(digits: &str) -> Option<Option<u64>> {
    if !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let value = digits.bytes().fold(0u64, |value, c| {
        value.saturating_mul(10).saturating_add(u64::from(c - b'0'))
    });
    Some((!digits.is_empty()).then_some(value))
}

fn is_same(request: &Request, file: &Validators) -> bool {
    match request.fields.joined("if-range") {
        None => true,
        Some(tag) if tag == file.tag => true,
        Some(date) => dates::read(&date) == Some(file.modified),
    }
}
