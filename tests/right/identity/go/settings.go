package main

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Settings is what the environment says.
type Settings struct {
	port                        int
	database                    *pgxpool.Config
	mail, issuer                string
	adminEmail, adminPassword   string
	access, refresh, link, code int
	failures, lock              int
}

const forever = 1_000_000_000

var origin = regexp.MustCompile(`^https?://[^/?#@\s]+$`)

func refuse(name, why string) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", name, why)
	os.Exit(2)
}

func readSettings() Settings {
	s := Settings{port: number("PORT", 0, 1, 65_535)}
	text := address("DATABASE_URL", "", "postgresql", "postgres")
	parsed, _ := url.Parse(text)
	config, err := pgxpool.ParseConfig(text)
	if err != nil || len(parsed.Path) < 2 {
		refuse("DATABASE_URL", "must be like postgresql://user:password@host:port/name")
	}
	s.database = config
	s.mail = address("MAIL_URL", "", "http", "https")
	s.issuer = address("ISSUER", fmt.Sprintf("http://127.0.0.1:%d", s.port), "http", "https")
	if !origin.MatchString(s.issuer) {
		refuse("ISSUER", "must have no path, and no / at its end")
	}
	s.access = number("ACCESS_S", 300, 1, 3_600)
	s.refresh = number("REFRESH_S", 2_592_000, 1, forever)
	s.link = number("LINK_S", 900, 1, forever)
	s.code = number("CODE_S", 60, 1, 600)
	s.failures = number("FAILURES", 5, 1, 100)
	s.lock = number("LOCK_S", 60, 1, forever)
	s.adminEmail, s.adminPassword = admin()
	return s
}

func admin() (string, string) {
	email, named := os.LookupEnv("ADMIN_EMAIL")
	password, secret := os.LookupEnv("ADMIN_PASSWORD")
	if named != secret {
		refuse("ADMIN_EMAIL, ADMIN_PASSWORD", "both or none must be set")
	}
	if !named {
		return "", ""
	}
	email, why := spelledAddress(email)
	if why != "" {
		refuse("ADMIN_EMAIL", why)
	}
	if why := weak(password); why != "" {
		refuse("ADMIN_PASSWORD", why)
	}
	return email, password
}

func address(name, standard string, schemes ...string) string {
	text, given := os.LookupEnv(name)
	if !given && standard != "" {
		return standard
	}
	parsed, err := url.Parse(text)
	if err == nil && parsed.Hostname() != "" {
		for _, scheme := range schemes {
			if parsed.Scheme == scheme {
				return text
			}
		}
	}
	refuse(name, "must be an address of "+schemes[0])
	return ""
}

func number(name string, standard, least, most int) int {
	text, given := os.LookupEnv(name)
	if !given && standard != 0 {
		return standard
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < least || value > most {
		refuse(name, fmt.Sprintf("must be a whole number from %d to %d", least, most))
	}
	return value
}
