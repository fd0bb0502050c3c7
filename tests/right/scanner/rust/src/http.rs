//! Asks for a front page, and makes the best of what comes back: half an answer counts, too.

use std::net::Ipv6Addr;

use crate::channel::{Channel, READ_LIMIT};
use crate::report::Http;

/// The field `http`, or None if the answer is not HTTP.
pub async fn ask(channel: &mut impl Channel, host: &str, port: u16) -> Option<Http> {
    let host = match host.parse::<Ipv6Addr>() {
        Ok(_) => format!("[{host}]"),
        Err(_) => host.to_string(),
    };
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: scanner\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    channel.write(request.as_bytes()).await.ok()?;
    read_answer(channel, Vec::new()).await
}

/// Reads on from what was heard until all that is wanted is there, or nothing more comes.
pub async fn read_answer(channel: &mut impl Channel, mut heard: Vec<u8>) -> Option<Http> {
    let mut wanted = usize::MAX; // how many bytes make the answer whole, once its headers told
    loop {
        let fresh = heard.len().saturating_sub(END_OF_TITLE.len()); // a mark may have begun earlier
        if !matches!(channel.read(&mut heard).await, Ok(1..)) || !looks_like_http(&heard) {
            break;
        }
        if heard.len() >= wanted || has_mark(&heard[fresh..]) {
            if let Some(answer) = Answer::parse(&heard) {
                if answer.ended || answer.title().is_some() {
                    break;
                }
                wanted = answer.length;
            }
        }
    }
    Answer::parse(&heard).map(Answer::into_http)
}

fn looks_like_http(heard: &[u8]) -> bool {
    heard.iter().zip(b"HTTP/").all(|(got, want)| got == want)
}

const END_OF_TITLE: &[u8] = b"</title";

/// Finds what may complete an answer: the end of its headers, its chunks or its title. It spares us parsing 64 KiB
/// 65,536 times when a server sends them byte by byte.
fn has_mark(fresh: &[u8]) -> bool {
    find(fresh, b"\r\n\r\n").is_some() || find(fresh, b"\n\n").is_some() || find(fresh, END_OF_TITLE).is_some()
}

/// A response, perhaps only its beginning.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The body is all there.
    ended: bool,
    /// Bytes of the whole answer, if it says.
    length: usize,
}

impl Answer {
    fn parse(raw: &[u8]) -> Option<Answer> {
        let mut answer = Answer {
            status: parse_status(raw)?,
            headers: Vec::new(),
            body: Vec::new(),
            ended: false,
            length: usize::MAX,
        };
        let Some(start) = answer.read_headers(raw) else {
            return Some(answer);
        };
        let body = &raw[start..];
        if (100..200).contains(&answer.status) && answer.status != 101 {
            if let Some(following) = Answer::parse(body) {
                return Some(following); // it was an interim response
            }
        }
        answer.unwrap(body, start);
        Some(answer)
    }

    /// Returns where the body begins. Takes whole lines only: half a header would be a wrong value.
    fn read_headers(&mut self, raw: &[u8]) -> Option<usize> {
        let mut position = end_of_line(raw, 0)?;
        loop {
            let end = end_of_line(raw, position)?;
            let line = raw[position..end].trim_ascii();
            position = end;
            if line.is_empty() {
                return Some(position);
            }
            let text = String::from_utf8_lossy(line);
            let (name, value) = text.split_once(':').unwrap_or((&text, ""));
            self.headers
                .push((name.trim().to_ascii_lowercase(), value.trim().to_string()));
        }
    }

    fn unwrap(&mut self, body: &[u8], start: usize) {
        let length = self
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        let chunked = self
            .header("transfer-encoding")
            .is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"));
        if self.status == 204 || self.status == 304 {
            self.ended = true;
        } else if chunked {
            (self.body, self.ended) = dechunk(body);
        } else if let Some(length) = length.filter(|length| *length <= READ_LIMIT) {
            self.body = body[..length.min(body.len())].to_vec();
            self.ended = body.len() >= length;
            self.length = start + length;
        } else {
            self.body = body.to_vec();
        }
    }

    /// Of headers sent twice, the first.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The text of the first `<title>`.
    fn title(&self) -> Option<String> {
        let start = find_title(&self.body)?;
        let length = find(&self.body[start..], END_OF_TITLE)?;
        let text = String::from_utf8_lossy(&self.body[start..start + length]);
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn into_http(self) -> Http {
        let owned = |name| self.header(name).map(str::to_string);
        Http {
            status: self.status,
            server: owned("server"),
            title: self.title(),
            location: owned("location"),
        }
    }
}

/// The status in `HTTP/1.1 200 OK`, if raw begins like that.
fn parse_status(raw: &[u8]) -> Option<u16> {
    let line = raw.strip_prefix(b"HTTP/")?.split(|byte| *byte == b'\n').next()?;
    let mut words = line
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty());
    let version = words.next()?;
    let status = words.next()?;
    let is_version = version.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let is_status = status.len() == 3 && status.iter().all(u8::is_ascii_digit);
    (is_version && is_status).then(|| status.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
}

/// Where the text of the first title begins. `<titlebar>` is another tag.
fn find_title(body: &[u8]) -> Option<usize> {
    let mut position = 0;
    loop {
        let after = position + find(&body[position..], b"<title")? + b"<title".len();
        match body.get(after)? {
            b'>' => return Some(after + 1),
            b'/' | b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' => return Some(after + find(&body[after..], b">")? + 1),
            _ => position = after,
        }
    }
}

/// What is there of a chunked body, and whether that is all. A chunk that makes no sense is the end.
fn dechunk(body: &[u8]) -> (Vec<u8>, bool) {
    let mut plain = Vec::new();
    let mut rest = body;
    while let Some(end) = end_of_line(rest, 0) {
        let size = match chunk_size(&rest[..end]) {
            None | Some(0) => return (plain, true),
            Some(size) => size,
        };
        rest = &rest[end..];
        if size > rest.len() {
            plain.extend(rest);
            break;
        }
        plain.extend(&rest[..size]);
        rest = &rest[size..];
        rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    (plain, false)
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| *byte == b';').next()?;
    usize::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), 16).ok()
}

/// Where the line after the one at `position` begins.
fn end_of_line(raw: &[u8], position: usize) -> Option<usize> {
    raw[position..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map(|length| position + length + 1)
}

/// Where needle, in lower case, begins in text of any case.
fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len())
        .position(|window| window.eq_ignore_ascii_case(needle))
}
