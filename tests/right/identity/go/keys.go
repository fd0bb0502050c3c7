package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"sync"
	"time"
)

const (
	algorithm = "ES256"
	spare     = 3 // seconds: an instance that has not heard of a new key signs so long with the old one
)

var b64 = base64.RawURLEncoding.Strict()

type key struct {
	kid     string
	private *ecdsa.PrivateKey
}

// Keys are in the database, since all instances sign with them, and in memory, since their public halves are always shown.
type Keys struct {
	store  *Store
	access int
	mutex  sync.Mutex
	known  []key // the newest last
}

func (k *Keys) load() error {
	var found []key
	err := k.store.transaction(patience, func(q Sql) {
		found = nil
		q.rows("SELECT kid, pem FROM signing_keys WHERE shown_until IS NULL OR shown_until > now() ORDER BY seq", nil, func(scan func(...any)) {
			var kid, text string
			scan(&kid, &text)
			found = append(found, key{kid, readPEM(text)})
		})
	})
	if err == nil {
		k.mutex.Lock()
		k.known = found
		k.mutex.Unlock()
	}
	return err
}

func (k *Keys) all() []key {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.known
}

func (k *Keys) makeFirst() error {
	err := k.store.transaction(patience, func(q Sql) {
		q.lock(starting)
		var count int
		q.row("SELECT count(*) FROM signing_keys", nil, &count)
		if count == 0 {
			insertKey(q)
		}
	})
	if err != nil {
		return err
	}
	return k.load()
}

// follow hears of what other instances have made.
func (k *Keys) follow() {
	for {
		time.Sleep(500 * time.Millisecond)
		k.load() // without an answer those that are known stay
	}
}

func insertKey(q Sql) string {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	q.must(err)
	coded, err := x509.MarshalPKCS8PrivateKey(private)
	q.must(err)
	kid, text := newID(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: coded})
	q.exec("INSERT INTO signing_keys (kid, pem) VALUES ($1, $2)", kid, string(text))
	return kid
}

func readPEM(text string) *ecdsa.PrivateKey {
	block, _ := pem.Decode([]byte(text))
	found, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(broken{err})
	}
	return found.(*ecdsa.PrivateKey)
}

// sign makes a JWT of claims, with the newest key.
func (k *Keys) sign(claims map[string]any) string {
	known := k.all()
	newest := known[len(known)-1]
	header, _ := json.Marshal(map[string]string{"typ": "at+jwt", "alg": algorithm, "kid": newest.kid})
	body, _ := json.Marshal(claims)
	signed := b64.EncodeToString(header) + "." + b64.EncodeToString(body)
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, newest.private, hash[:])
	if err != nil {
		panic(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return signed + "." + b64.EncodeToString(signature)
}

// verifies is whether a key of this name signed it; it may be one that another instance has just made.
func (k *Keys) verifies(kid, signed string, signature []byte) bool {
	public := k.public(kid)
	if public == nil {
		if err := k.load(); err != nil {
			panic(err)
		}
		public = k.public(kid)
	}
	if public == nil || len(signature) != 64 {
		return false
	}
	hash := sha256.Sum256([]byte(signed))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(public, hash[:], r, s)
}

func (k *Keys) public(kid string) *ecdsa.PublicKey {
	for _, each := range k.all() {
		if each.kid == kid {
			return &each.private.PublicKey
		}
	}
	return nil
}

func (a *Ask) makeKey() {
	who := a.admin()
	var kid string
	a.transaction(func(q Sql) {
		q.lock(starting)
		q.exec("UPDATE signing_keys SET shown_until = now() + $1 * interval '1 second' WHERE shown_until IS NULL", float64(a.access+spare))
		kid = insertKey(q)
		a.tell(q, "key_created", "", who.id)
	})
	if err := a.keys.load(); err != nil {
		panic(err)
	}
	a.send(201, map[string]string{"kid": kid})
}

func (a *Ask) showKeys() {
	shown := []map[string]string{}
	for _, each := range a.keys.all() {
		point := each.private.PublicKey
		shown = append(shown, map[string]string{"kty": "EC", "use": "sig", "alg": algorithm, "kid": each.kid, "crv": "P-256",
			"x": b64.EncodeToString(point.X.FillBytes(make([]byte, 32))), "y": b64.EncodeToString(point.Y.FillBytes(make([]byte, 32)))})
	}
	if len(shown) == 0 {
		panic(unavailable("there are no keys yet", 1))
	}
	a.send(200, map[string]any{"keys": shown})
}

func (a *Ask) showMetadata() {
	if len(a.keys.all()) == 0 {
		panic(unavailable("there are no keys yet", 1))
	}
	methods := []string{"client_secret_basic", "none"}
	a.send(200, map[string]any{
		"issuer":                                         a.issuer,
		"jwks_uri":                                       a.issuer + "/.well-known/jwks.json",
		"token_endpoint":                                 a.issuer + "/oauth/token",
		"authorization_endpoint":                         a.issuer + "/oauth/authorize",
		"revocation_endpoint":                            a.issuer + "/oauth/revoke",
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          grantsOf,
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          methods,
		"revocation_endpoint_auth_methods_supported":     methods,
		"authorization_response_iss_parameter_supported": true,
	})
}
