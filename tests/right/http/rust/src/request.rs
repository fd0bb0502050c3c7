//! The head of a request: what it says, and what makes it no request (RFC 9112, 2 to 6).

use std::net::Ipv6Addr;

use crate::wire::End;

const REFUSED: End = End::Refused(400);

/// Names in lower case, and values, in the order of their arrival.
#[derive(Default)]
pub struct Fields(pub Vec<(String, Vec<u8>)>);

impl Fields {
    pub fn add(&mut self, line: &[u8]) -> Result<(), End> {
        let colon = line.iter().position(|&c| c == b':').ok_or(REFUSED)?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if !is_token(name) || value.iter().any(|&c| (c < b' ' && c != b'\t') || c == 0x7f) {
            return Err(REFUSED);
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.0.push((name, trimmed(value).to_vec()));
        Ok(())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(other, _)| other == name)
            .map(|(_, value)| value.as_slice())
    }

    /// All values of this name with commas between them, as text of one character a byte.
    pub fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<String> = self.all(name).map(latin1).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The members of a list, in lower case; empty ones are none.
    pub fn members(&self, name: &str) -> Vec<String> {
        let list = self.joined(name).unwrap_or_default().to_ascii_lowercase();
        let members = list
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']).to_string());
        members.filter(|member| !member.is_empty()).collect()
    }
}

pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn trimmed(value: &[u8]) -> &[u8] {
    let is_dark = |c: &u8| *c != b' ' && *c != b'\t';
    let Some(first) = value.iter().position(is_dark) else {
        return b"";
    };
    let last = value.iter().rposition(is_dark).unwrap_or(first);
    &value[first..=last]
}

pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty()
        && text
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(c))
}

#[derive(Clone, Copy, PartialEq)]
pub enum Framing {
    Length(u64),
    Chunks,
}

pub struct Request {
    pub method: String,
    pub target: String,
    pub raw_path: String,
    pub path: String,
    pub query: String,
    pub is_http_1_0: bool,
    pub fields: Fields,
    pub trailers: Fields,
    pub framing: Framing,
}

impl Request {
    pub fn new() -> Request {
        Request {
            method: String::new(),
            target: String::new(),
            raw_path: String::new(),
            path: String::new(),
            query: String::new(),
            is_http_1_0: false,
            fields: Fields::default(),
            trailers: Fields::default(),
            framing: Framing::Length(0),
        }
    }

    pub fn wants_close(&self) -> bool {
        self.is_http_1_0 || self.fields.members("connection").iter().any(|word| word == "close")
    }

    pub fn read_line(&mut self, line: &[u8]) -> Result<(), End> {
        let parts: Vec<&[u8]> = line.split(|&c| c == b' ').collect();
        self.method = latin1(parts[0]);
        let [method, target, version] = parts[..] else {
            return Err(REFUSED);
        };
        if !is_token(method) {
            return Err(REFUSED);
        }
        self.read_target(target)?;
        self.read_version(version)
    }

    fn read_version(&mut self, version: &[u8]) -> Result<(), End> {
        let [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] = *version else {
            return Err(REFUSED);
        };
        if !major.is_ascii_digit() || !minor.is_ascii_digit() {
            return Err(REFUSED);
        }
        if major != b'1' {
            return Err(End::Refused(505));
        }
        self.is_http_1_0 = minor == b'0';
        Ok(())
    }

    fn read_target(&mut self, target: &[u8]) -> Result<(), End> {
        if target.iter().any(|c| !c.is_ascii_graphic() || *c == b'#') {
            return Err(REFUSED);
        }
        self.target = latin1(target);
        let place = if self.target.starts_with('/') {
            self.target.clone()
        } else {
            behind_host(&self.target)?
        };
        let (path, query) = place.split_once('?').unwrap_or((&place, ""));
        decoded(query).ok_or(REFUSED)?;
        let plain = decoded(path).ok_or(REFUSED)?;
        self.path = String::from_utf8(plain).map_err(|_| REFUSED)?;
        if self.path.contains('\0') {
            return Err(REFUSED);
        }
        self.raw_path = path.to_string();
        self.query = query.to_string();
        Ok(())
    }

    /// What must be true of the whole head. Sets the framing.
    pub fn check(&mut self, max_body_bytes: u64) -> Result<(), End> {
        let hosts: Vec<&[u8]> = self.fields.all("host").collect();
        match hosts[..] {
            [] if self.is_http_1_0 => {}
            [host] if host.is_empty() || is_host(&latin1(host)) => {}
            _ => return Err(REFUSED),
        }
        self.framing = self.find_framing()?;
        match self.framing {
            Framing::Length(length) if length > max_body_bytes => Err(End::Refused(413)),
            _ => Ok(()),
        }
    }

    fn find_framing(&self) -> Result<Framing, End> {
        let lengths: Vec<&[u8]> = self.fields.all("content-length").collect();
        if let Some(codings) = self.fields.joined("transfer-encoding") {
            if !lengths.is_empty() || self.is_http_1_0 {
                return Err(REFUSED);
            }
            return chunks_of(&codings);
        }
        match lengths[..] {
            [] => Ok(Framing::Length(0)),
            [digits] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                let length = latin1(digits).parse().map_err(|_| End::Refused(413))?;
                Ok(Framing::Length(length))
            }
            _ => Err(REFUSED),
        }
    }
}

fn chunks_of(codings: &str) -> Result<Framing, End> {
    let codings: Vec<String> = codings
        .split(',')
        .map(|one| one.trim_matches([' ', '\t']).to_ascii_lowercase())
        .collect();
    let chunked = codings.iter().filter(|coding| *coding == "chunked").count();
    match codings.last() {
        Some(last) if last == "chunked" && chunked == 1 => {}
        _ => return Err(REFUSED),
    }
    if codings.len() > 1 {
        return Err(End::Refused(501));
    }
    Ok(Framing::Chunks)
}

/// Path and query of a whole URL.
fn behind_host(target: &str) -> Result<String, End> {
    let scheme = target.get(..7).ok_or(REFUSED)?;
    if !scheme.eq_ignore_ascii_case("http://") {
        return Err(REFUSED);
    }
    let rest = &target[7..];
    let (host, place) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if host.is_empty() || !is_host(host) {
        return Err(REFUSED);
    }
    Ok(if place.starts_with('/') {
        place.to_string()
    } else {
        format!("/{place}")
    })
}

/// A name or an address, and a port behind a colon if there is one.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else {
                return false;
            };
            if address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            ("v6", port)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_port = port.is_empty() || (port.starts_with(':') && port[1..].bytes().all(|c| c.is_ascii_digit()));
    let may_be = |c: u8| c.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&c);
    is_port && !host.is_empty() && host.bytes().all(may_be) && decoded(host).is_some()
}

/// Percent-decoded once; None if a percent sign stands alone.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(c) = bytes.next() {
        plain.push(match c {
            b'%' => (hex(bytes.next()?)? << 4) | hex(bytes.next()?)?,
            c => c,
        });
    }
    Some(plain)
}

pub fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
