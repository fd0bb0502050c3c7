package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

var (
	errNoToken = errors.New("no good token")
	errNoKeys  = errors.New("no keys yet")
	raw        = base64.RawURLEncoding.Strict()
)

type key struct {
	algorithm string
	public    crypto.PublicKey
}

// Issuer keeps the keys of whose tokens are taken.
type Issuer struct {
	name, address string
	mutex         sync.RWMutex
	fetching      sync.Mutex
	keys          map[string]key
	next          time.Time
	client        http.Client
}

// Caller is who asks.
type Caller struct {
	sub   string
	admin bool
}

func (i *Issuer) known(kid string) (key, bool, bool) {
	i.mutex.RLock()
	defer i.mutex.RUnlock()
	found, there := i.keys[kid]
	return found, there, i.keys != nil
}

func (i *Issuer) find(kid string) (key, error) {
	found, there, any := i.known(kid)
	if there {
		return found, nil
	}
	i.fetching.Lock()
	defer i.fetching.Unlock()
	if found, there, any = i.known(kid); there {
		return found, nil
	}
	if time.Now().After(i.next) {
		if keys, err := i.fetch(); err == nil {
			i.mutex.Lock()
			i.keys = keys
			i.mutex.Unlock()
			i.next = time.Now().Add(10 * time.Second)
		} else {
			i.next = time.Now().Add(time.Second)
		}
		found, there, any = i.known(kid)
	}
	if there {
		return found, nil
	}
	if !any {
		return key{}, errNoKeys
	}
	return key{}, errNoToken
}

func (i *Issuer) fetch() (map[string]key, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", i.address, nil)
	if err != nil {
		return nil, err
	}
	response, err := i.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var set struct{ Keys []map[string]any }
	if response.StatusCode != 200 {
		return nil, errNoKeys
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&set); err != nil || set.Keys == nil {
		return nil, errNoKeys
	}
	keys := map[string]key{}
	for _, one := range set.Keys {
		kid, _ := one["kid"].(string)
		if found := keyOf(one); kid != "" && found.public != nil {
			keys[kid] = found
		}
	}
	return keys, nil
}

func keyOf(jwk map[string]any) key {
	text := func(name string) string { value, _ := jwk[name].(string); return value }
	number := func(name string) []byte {
		value, _ := raw.DecodeString(strings.TrimRight(text(name), "="))
		return value
	}
	if use := text("use"); use != "" && use != "sig" {
		return key{}
	}
	var found key
	switch text("kty") + "/" + text("crv") {
	case "RSA/":
		modulus, exponent := number("n"), new(big.Int).SetBytes(number("e"))
		if len(modulus) >= 256 && exponent.IsInt64() && exponent.Int64() > 1 && exponent.Int64() < 1<<31 {
			found = key{"RS256", &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(exponent.Int64())}}
		}
	case "EC/P-256":
		x, y := new(big.Int).SetBytes(number("x")), new(big.Int).SetBytes(number("y"))
		if elliptic.P256().IsOnCurve(x, y) {
			found = key{"ES256", &ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}}
		}
	case "OKP/Ed25519":
		if x := number("x"); len(x) == ed25519.PublicKeySize {
			found = key{"EdDSA", ed25519.PublicKey(x)}
		}
	}
	if algorithm := text("alg"); algorithm != "" && algorithm != found.algorithm {
		return key{}
	}
	return found
}

func (k key) verifies(signed string, signature []byte) bool {
	digest := sha256.Sum256([]byte(signed))
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		return len(signature) == 64 && ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case ed25519.PublicKey:
		return ed25519.Verify(public, []byte(signed), signature)
	}
	return false
}

func object(part string) map[string]any {
	bytes, err := raw.DecodeString(part)
	var found map[string]any
	if err != nil || json.Unmarshal(bytes, &found) != nil {
		return nil
	}
	return found
}

// caller checks a token (RFC 9068, 4).
func (i *Issuer) caller(authorization string) (Caller, error) {
	scheme, token, _ := strings.Cut(authorization, " ")
	parts := strings.Split(strings.TrimSpace(token), ".")
	if !strings.EqualFold(scheme, "Bearer") || len(parts) != 3 {
		return Caller{}, errNoToken
	}
	head, claims := object(parts[0]), object(parts[1])
	signature, err := raw.DecodeString(parts[2])
	kind, _ := head["typ"].(string)
	kid, _ := head["kid"].(string)
	_, critical := head["crit"]
	kind = strings.TrimPrefix(strings.ToLower(kind), "application/")
	if err != nil || claims == nil || kind != "at+jwt" || kid == "" || critical {
		return Caller{}, errNoToken
	}
	found, err := i.find(kid)
	if err != nil {
		return Caller{}, err
	}
	if head["alg"] != found.algorithm || !found.verifies(parts[0]+"."+parts[1], signature) {
		return Caller{}, errNoToken
	}
	now := float64(time.Now().UnixNano()) / 1e9
	expires, dated := claims["exp"].(float64)
	if notBefore, given := claims["nbf"]; given {
		if value, number := notBefore.(float64); !number || value > now {
			return Caller{}, errNoToken
		}
	}
	sub, _ := claims["sub"].(string)
	if claims["iss"] != i.name || !contains(claims["aud"], i.name) || !dated || now >= expires || sub == "" {
		return Caller{}, errNoToken
	}
	roles, _ := claims["roles"].([]any)
	return Caller{sub, contains(roles, "admin")}, nil
}

func contains(value any, wanted string) bool {
	list, many := value.([]any)
	if !many {
		return value == wanted
	}
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}
