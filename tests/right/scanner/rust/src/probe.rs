use std::future::Future;
use std::net::SocketAddr;
use std::pin::{pin, Pin};
use std::sync::Arc;

use tokio::time::timeout;

use crate::channel::{Channel, Connection, Network};
use crate::http;
use crate::limits::Slot;
use crate::report::{Finding, Http, Report, State, Tls};
use crate::targets::Host;
use crate::tls;

/// The part of a connection's life in which the server may speak first.
const SILENCE: f64 = 0.25;

/// After that part of the timeout without any answer to plain HTTP, TLS is tried at the same time: a port that says
/// nothing at all shall not cost a full timeout for each question.
const PATIENCE: f64 = 0.5;

const BANNER_LIMIT: usize = 200;

pub struct Job {
    pub host: Arc<Host>,
    pub port: u16,
    pub network: Arc<Network>,
    pub report: Arc<Report>,
}

/// What the first connection brought.
enum Heard {
    Nothing,
    Banner(String),
    Http(Http),
}

impl Job {
    pub async fn run(self, slot: Slot) {
        let attempt = self.network.connect(self.address(), slot).await;
        let mut finding = Finding {
            host: self.host.label(),
            port: self.port,
            state: attempt.state,
            rtt_ms: (attempt.state != State::Filtered).then(|| attempt.rtt.as_micros() as f64 / 1000.0),
            service: None,
            banner: None,
            http: None,
            tls: None,
        };
        if attempt.state == State::Open {
            self.report.opened(&finding);
            self.probe(&mut finding, attempt.connection).await;
        }
        self.report.add(finding);
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host.address, self.port)
    }

    async fn probe(&self, finding: &mut Finding, connection: Option<Connection>) {
        let mut plain = pin!(self.talk(connection));
        let patience = self.network.timeout.mul_f64(PATIENCE);
        let (heard, secure) = match timeout(patience, &mut plain).await {
            Ok(heard) if heard.is_settled() => (heard, None),
            Ok(heard) => (heard, self.talk_tls().await),
            Err(_) => self.hedge(plain).await,
        };
        finding.take(heard, secure);
    }

    /// Both questions at once. An answer to plain HTTP ends the wait for TLS, but not the other way round: it would
    /// be no quicker, since this connection dies first.
    async fn hedge(&self, mut plain: Pin<&mut impl Future<Output = Heard>>) -> (Heard, Option<Secure>) {
        let mut secure = pin!(self.talk_tls());
        tokio::select! {
            heard = &mut plain => {
                let secure = if heard.is_settled() { None } else { secure.await };
                (heard, secure)
            }
            found = &mut secure => match found {
                Some(found) => (Heard::Nothing, Some(found)),
                None => (plain.await, None),
            },
        }
    }

    /// Lets the server speak first; if it does not, asks for its front page.
    async fn talk(&self, connection: Option<Connection>) -> Heard {
        let Some(mut connection) = connection else {
            return Heard::Nothing;
        };
        let mut heard = Vec::new();
        let answer = match connection.read_early(&mut heard, SILENCE).await {
            // A web server that did not wait for the question, such as one that answers 408 at once.
            Ok(_) if heard.starts_with(b"HTTP/") => http::read_answer(&mut connection, heard).await,
            Ok(1..) => return Heard::Banner(read_banner(&mut connection, heard).await),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                http::ask(&mut connection, &self.host.label(), self.port).await
            }
            _ => None,
        };
        answer.map_or(Heard::Nothing, Heard::Http)
    }

    async fn talk_tls(&self) -> Option<Secure> {
        let slot = self.network.slots.take().await;
        let mut connection = self.network.connect(self.address(), slot).await.connection?;
        let (mut channel, tls) = tls::handshake(&mut connection, &self.host).await?;
        let http = match tls.alpn.as_deref() {
            Some("h2") => None,
            _ => http::ask(&mut channel, &self.host.label(), self.port).await,
        };
        Some(Secure { tls, http })
    }
}

struct Secure {
    tls: Tls,
    http: Option<Http>,
}

impl Heard {
    /// Web servers tell those who speak HTTP to their TLS port so with a 400, in plain HTTP.
    fn is_settled(&self) -> bool {
        match self {
            Heard::Nothing => false,
            Heard::Banner(_) => true,
            Heard::Http(http) => http.status != 400,
        }
    }
}

impl Finding {
    fn take(&mut self, heard: Heard, secure: Option<Secure>) {
        if let Some(Secure { tls, http }) = secure {
            self.service = (tls.alpn.is_some() || http.is_some()).then_some("https");
            self.tls = Some(tls);
            self.http = http;
            return; // what a TLS port said in the clear was a complaint
        }
        match heard {
            Heard::Nothing => {}
            Heard::Banner(banner) => {
                self.service = banner.starts_with("SSH-").then_some("ssh");
                self.banner = Some(banner);
            }
            Heard::Http(http) => {
                self.service = Some("http");
                self.http = Some(http);
            }
        }
    }
}

/// Reads on until the line that has begun ends, or is longer than anyone wants to know.
async fn read_banner(connection: &mut Connection, mut heard: Vec<u8>) -> String {
    while !heard.contains(&b'\n') && heard.len() < 4 * BANNER_LIMIT {
        if !matches!(connection.read(&mut heard).await, Ok(1..)) {
            break;
        }
    }
    let line = heard.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).chars().take(BANNER_LIMIT).collect()
}
