package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

func random(count int) []byte {
	found := make([]byte, count)
	rand.Read(found)
	return found
}

func newID() string { return hex.EncodeToString(random(16)) }

func newSecret() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

// kept is what is in the database of a secret: enough to know it again.
func kept(secret string) []byte {
	hash := sha256.Sum256([]byte(secret))
	return hash[:]
}
