package main

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

type tlsInfo struct {
	Version  string  `json:"version"`
	Subject  *string `json:"subject"`
	Issuer   *string `json:"issuer"`
	NotAfter *string `json:"not_after"`
	ALPN     *string `json:"alpn"`
}

// handshake returns nil for what does not complete one before the connection's deadline.
// The caller closes c, not the *tls.Conn: that would wait to say goodbye.
func handshake(c *conn, name string) (*tls.Conn, *tlsInfo) {
	secure := tls.Client(c, &tls.Config{
		ServerName:         name, // an address is never sent, only a name
		NextProtos:         []string{"h2", "http/1.1"},
		MinVersion:         tls.VersionTLS12,
		CipherSuites:       allSuites(),
		InsecureSkipVerify: true, // looking, not trusting
	})
	if secure.Handshake() != nil {
		return nil, nil
	}
	state := secure.ConnectionState()
	info := &tlsInfo{Version: "TLSv1.3", ALPN: orNull(state.NegotiatedProtocol)}
	if state.Version == tls.VersionTLS12 {
		info.Version = "TLSv1.2"
	}
	if len(state.PeerCertificates) > 0 {
		info.describe(state.PeerCertificates[0])
	}
	return secure, info
}

func (t *tlsInfo) describe(cert *x509.Certificate) {
	t.Subject = orNull(cert.Subject.CommonName)
	if t.Subject == nil && len(cert.DNSNames) > 0 {
		t.Subject = &cert.DNSNames[0]
	}
	t.Issuer = orNull(cert.Issuer.CommonName)
	t.NotAfter = orNull(cert.NotAfter.UTC().Format(time.RFC3339))
}

// allSuites has the weak ones too: a server that knows no better is still a TLS server.
func allSuites() (ids []uint16) {
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
