//! TLS without trust: every certificate is welcome, and read.

use std::io::{Error, ErrorKind, Read, Result};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, ProtocolVersion, SignatureScheme};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use crate::channel::{Channel, Connection};
use crate::report::Tls;
use crate::targets::Host;

/// TLS on top of a connection. None if no handshake completes.
pub async fn handshake<'c>(connection: &'c mut Connection, host: &Host) -> Option<(TlsChannel<'c>, Tls)> {
    let session = ClientConnection::new(config(), server_name(host)).ok()?;
    let mut channel = TlsChannel { connection, session };
    channel.flush().await.ok()?;
    while channel.session.is_handshaking() {
        channel.pump().await.ok()?;
    }
    let tls = channel.describe();
    Some((channel, tls))
}

/// A name is sent along (SNI), an address never is.
fn server_name(host: &Host) -> ServerName<'static> {
    let name = host.name.clone().and_then(|name| ServerName::try_from(name).ok());
    name.unwrap_or_else(|| ServerName::IpAddress(host.address.into()))
}

fn config() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let make = || {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    };
    CONFIG.get_or_init(make).clone()
}

pub struct TlsChannel<'c> {
    connection: &'c mut Connection,
    session: ClientConnection,
}

impl TlsChannel<'_> {
    async fn flush(&mut self) -> Result<()> {
        let mut message = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut message)?;
        }
        self.connection.write(&message).await
    }

    /// Takes what arrives next through the session. Returns the plain bytes it held.
    async fn pump(&mut self) -> Result<Vec<u8>> {
        let mut wire = Vec::new();
        if self.connection.read(&mut wire).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut plain = Vec::new();
        let mut unread = wire.as_slice();
        while !unread.is_empty() {
            self.session.read_tls(&mut unread)?;
            let state = self.session.process_new_packets().map_err(Error::other)?;
            let mut part = vec![0; state.plaintext_bytes_to_read()];
            self.session.reader().read_exact(&mut part)?;
            plain.append(&mut part);
        }
        self.flush().await?;
        Ok(plain)
    }

    fn describe(&self) -> Tls {
        let version = match self.session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLSv1.3",
        };
        let alpn = self
            .session
            .alpn_protocol()
            .map(|name| String::from_utf8_lossy(name).into_owned());
        let mut tls = Tls {
            version,
            subject: None,
            issuer: None,
            not_after: None,
            alpn,
        };
        let certificate = self.session.peer_certificates().and_then(|chain| chain.first());
        if let Some((_, certificate)) = certificate.and_then(|der| X509Certificate::from_der(der).ok()) {
            tls.subject = common_name(certificate.subject()).or_else(|| first_dns_name(&certificate));
            tls.issuer = common_name(certificate.issuer());
            tls.not_after = Some(timestamp(&certificate));
        }
        tls
    }
}

impl Channel for TlsChannel<'_> {
    async fn read(&mut self, heard: &mut Vec<u8>) -> Result<usize> {
        loop {
            // A record may hold no text for us: a session ticket, say.
            let plain = self.pump().await?;
            if !plain.is_empty() {
                heard.extend(&plain);
                return Ok(plain.len());
            }
        }
    }

    async fn write(&mut self, message: &[u8]) -> Result<()> {
        std::io::Write::write_all(&mut self.session.writer(), message)?;
        self.flush().await
    }
}

fn common_name(name: &X509Name) -> Option<String> {
    let value = name.iter_common_name().next()?.attr_value();
    // In a BMPString a character is two bytes; the other encodings in use are UTF-8 or a part of it.
    let is_bmp = value.tag() == x509_parser::asn1_rs::Tag::BmpString;
    Some(if is_bmp {
        let units: Vec<u16> = value
            .data
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    } else {
        String::from_utf8_lossy(value.data).into_owned()
    })
}

fn first_dns_name(certificate: &X509Certificate) -> Option<String> {
    let names = certificate.subject_alternative_name().ok()??;
    names.value.general_names.iter().find_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_string()),
        _ => None,
    })
}

fn timestamp(certificate: &X509Certificate) -> String {
    let end = certificate.validity().not_after.to_datetime();
    let (year, month, day) = end.to_calendar_date();
    let (hour, minute, second) = end.to_hms();
    format!(
        "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z",
        u8::from(month)
    )
}

/// Accepts whoever answers: we look, we do not trust.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
