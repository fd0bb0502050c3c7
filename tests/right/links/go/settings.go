package main

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// Settings is what the environment says.
type Settings struct {
	port         int
	database     *pgxpool.Config
	kept         *redis.Options
	folder       string
	issuer       string
	keySet       string
	public       string
	stale        time.Duration
	allowPrivate bool
}

func refuse(name, expected string) {
	fmt.Fprintf(os.Stderr, "%s: expected %s, got %q\n", name, expected, os.Getenv(name))
	os.Exit(2)
}

func settings() Settings {
	var s Settings
	var err error
	s.port = number("PORT", "", 1, 65535)
	text := os.Getenv("DATABASE_URL")
	s.database, err = pgxpool.ParseConfig(text)
	if err != nil || !(strings.HasPrefix(text, "postgresql://") || strings.HasPrefix(text, "postgres://")) {
		refuse("DATABASE_URL", "postgresql://user:password@host:port/name")
	}
	text = os.Getenv("CACHE_URL")
	s.kept, err = redis.ParseURL(text)
	if err != nil || !strings.HasPrefix(text, "redis://") {
		refuse("CACHE_URL", "redis://host:port/number")
	}
	s.folder = os.Getenv("DATA_DIR")
	if info, err := os.Stat(s.folder); err != nil || !info.IsDir() {
		refuse("DATA_DIR", "an existing folder")
	}
	s.issuer = address("ISSUER", "")
	s.keySet = address("JWKS_URL", s.issuer+"/.well-known/jwks.json")
	s.public = address("PUBLIC_URL", fmt.Sprintf("http://127.0.0.1:%d", s.port))
	if strings.HasSuffix(s.public, "/") {
		refuse("PUBLIC_URL", "no / at its end")
	}
	s.stale = time.Duration(number("STALE_MS", "2000", 100, 1<<31-1)) * time.Millisecond
	s.allowPrivate = number("ALLOW_PRIVATE", "0", 0, 1) == 1
	return s
}

func address(name, standard string) string {
	text, given := os.LookupEnv(name)
	if !given {
		text = standard
	}
	parsed, err := url.Parse(text)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		refuse(name, "an http address")
	}
	return text
}

func number(name, standard string, least, most int) int {
	text, given := os.LookupEnv(name)
	if !given {
		text = standard
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < least || value > most {
		refuse(name, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return value
}
