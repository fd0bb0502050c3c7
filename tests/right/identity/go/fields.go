package main

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	mailbox   = regexp.MustCompile(`^[!-?A-~]+@[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)+$`)
	oneScope  = regexp.MustCompile(`^[!#-\[\]-~]+$`)
	printable = regexp.MustCompile(`^[!-~]+$`)
	common    = []string{"password123", "1234567890", "qwertyuiop", "password1234", "12345678910", "qwerty12345", "iloveyou123", "1q2w3e4r5t"}
	grantsOf  = []string{"authorization_code", "refresh_token", "client_credentials"}
	rolesOf   = []string{"admin", "user"}
	loopback  = []string{"127.0.0.1", "::1", "localhost"}
)

func text(raw json.RawMessage) (any, string) {
	var found string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &found) != nil {
		return nil, "must be a text"
	}
	if strings.Contains(found, "\x00") {
		return nil, "has a character U+0000"
	}
	if halfPair(raw) {
		return nil, "has half of a pair of surrogates"
	}
	return found, ""
}

// spelled is an address in the one spelling that counts.
func spelled(value string) string { return strings.ToLower(strings.Trim(value, " \t\r\n")) }

func spelledAddress(value string) (string, string) {
	trimmed := strings.Trim(value, " \t\r\n")
	if len(trimmed) > 254 {
		return "", "has more than 254 characters"
	}
	if !mailbox.MatchString(trimmed) {
		return "", "is no address such as ada@example.org"
	}
	return strings.ToLower(trimmed), ""
}

func anAddress(raw json.RawMessage) (any, string) {
	value, why := text(raw)
	if why != "" {
		return nil, why
	}
	return asRule(spelledAddress(value.(string)))
}

func asRule(value, why string) (any, string) { return value, why }

// someAddress is that of a login: whatever it is, the answer is the same.
func someAddress(raw json.RawMessage) (any, string) {
	value, why := text(raw)
	if why != "" {
		return nil, why
	}
	return spelled(value.(string)), ""
}

func weak(password string) string {
	if length := utf8.RuneCountInString(password); length < 10 || length > 256 {
		return "must have 10 to 256 characters"
	}
	if slices.Contains(common, password) {
		return "is one of the passwords that are tried first"
	}
	return ""
}

func newPassword(raw json.RawMessage) (any, string) {
	value, why := text(raw)
	if why != "" {
		return nil, why
	}
	return value, weak(value.(string))
}

func flag(raw json.RawMessage) (any, string) {
	switch string(raw) {
	case "true":
		return true, ""
	case "false":
		return false, ""
	}
	return nil, "must be true or false"
}

func clientName(raw json.RawMessage) (any, string) {
	value, why := text(raw)
	if why == "" && strings.TrimSpace(value.(string)) == "" {
		why = "is empty"
	}
	return value, why
}

// texts is the rule of a list of texts, none of them twice.
func texts(least int, what string, allowed func(string) bool) rule {
	return func(raw json.RawMessage) (any, string) {
		var items []json.RawMessage
		if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &items) != nil {
			return nil, "must be a list"
		}
		found := []string{}
		for _, item := range items {
			value, why := text(item)
			if why != "" {
				return nil, "has something in it that " + why
			}
			if !allowed(value.(string)) {
				return nil, "has something in it that is no " + what
			}
			if slices.Contains(found, value.(string)) {
				return nil, "has something in it twice"
			}
			found = append(found, value.(string))
		}
		if len(found) < least {
			return nil, "must have a " + what
		}
		return found, ""
	}
}

func isRedirect(value string) bool {
	parsed, err := url.Parse(value)
	if err != nil || strings.Contains(value, "#") || !printable.MatchString(value) || parsed.Hostname() == "" {
		return false
	}
	return parsed.Scheme == "https" || (parsed.Scheme == "http" && slices.Contains(loopback, parsed.Hostname()))
}
