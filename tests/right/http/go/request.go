package main

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"unicode/utf8"
)

// refusal is an error for the client, after which the connection is closed.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d: %s", r.status, r.why) }

func refuse(status int, why string) *refusal { return &refusal{status, why} }

type field struct{ name, value string }

type fields []field

func (f fields) all(name string) (values []string) {
	for _, one := range f {
		if one.name == name {
			values = append(values, one.value)
		}
	}
	return values
}

// joined is the value of a field, or of several with commas between them.
func (f fields) joined(name string) (string, bool) {
	values := f.all(name)
	return strings.Join(values, ", "), len(values) > 0
}

// elements are the members of a list in lower case, empty ones left out.
func (f fields) elements(name string) (elements []string) {
	for _, value := range f.all(name) {
		for _, element := range strings.Split(value, ",") {
			if element = strings.ToLower(strings.Trim(element, " \t")); element != "" {
				elements = append(elements, element)
			}
		}
	}
	return elements
}

// request is what was read of a request: all of it, or as much as was understood.
type request struct {
	method   string
	target   string
	rawPath  string
	path     string
	query    string
	minor    int // of its version, 0 or 1
	fields   fields
	trailers fields

	chunked bool
	length  int64
}

func (r *request) hasBody() bool { return r.chunked || r.length > 0 }

func (r *request) wantsClose() bool {
	if r.minor == 0 {
		return true
	}
	for _, word := range r.fields.elements("connection") {
		if word == "close" {
			return true
		}
	}
	return false
}

const tokenMarks = "!#$%&'*+-.^_`|~"

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isToken(text []byte) bool {
	for _, c := range text {
		if !isAlphanumeric(c) && strings.IndexByte(tokenMarks, c) < 0 {
			return false
		}
	}
	return len(text) > 0
}

// readLine understands a request line.
func (r *request) readLine(line []byte) error {
	parts := strings.Split(string(line), " ")
	r.method = parts[0]
	if len(parts) != 3 || !isToken([]byte(parts[0])) {
		return refuse(400, "a request line is a method, a target and a version")
	}
	if err := r.readVersion(parts[2]); err != nil {
		return err
	}
	r.target = parts[1]
	return r.readTarget()
}

func (r *request) readVersion(text string) error {
	isDigit := func(at int) bool { return '0' <= text[at] && text[at] <= '9' }
	if len(text) != 8 || text[:5] != "HTTP/" || !isDigit(5) || text[6] != '.' || !isDigit(7) {
		return refuse(400, "a version is HTTP/ and two digits with a dot")
	}
	if text[5] != '1' {
		return refuse(505, "the version is HTTP/1.1")
	}
	if text[7] == '0' {
		r.minor = 0
	}
	return nil
}

func (r *request) readTarget() error {
	for _, c := range []byte(r.target) {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return refuse(400, "a target has printable ASCII without #")
		}
	}
	if _, err := unescape(r.target); err != nil {
		return err
	}
	rest := r.target
	if len(rest) >= 7 && strings.EqualFold(rest[:7], "http://") {
		end := strings.IndexAny(rest[7:], "/?")
		if end < 0 {
			end = len(rest) - 7
		}
		host := rest[7 : 7+end]
		if rest = rest[7+end:]; host == "" || !isHost(host) {
			return refuse(400, "a whole URL has a host")
		}
		if !strings.HasPrefix(rest, "/") {
			rest = "/" + rest
		}
	}
	if !strings.HasPrefix(rest, "/") {
		return refuse(400, "a target is a path or a whole URL")
	}
	r.rawPath, r.query, _ = strings.Cut(rest, "?")
	r.path, _ = unescape(r.rawPath)
	if !utf8.ValidString(r.path) || strings.Contains(r.path, "\x00") {
		return refuse(400, "a path is UTF-8 without zero bytes")
	}
	return nil
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// unescape decodes percent signs, once.
func unescape(text string) (string, error) {
	var plain strings.Builder
	for at := 0; at < len(text); at++ {
		if text[at] != '%' {
			plain.WriteByte(text[at])
			continue
		}
		if at+2 >= len(text) || hexValue(text[at+1]) < 0 || hexValue(text[at+2]) < 0 {
			return "", refuse(400, "% needs two hexadecimal digits")
		}
		plain.WriteByte(byte(hexValue(text[at+1])<<4 | hexValue(text[at+2])))
		at += 2
	}
	return plain.String(), nil
}

var nameWithPort = regexp.MustCompile(`^([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+(:[0-9]*)?$`)
var addressWithPort = regexp.MustCompile(`^\[([^\]]*)\](:[0-9]*)?$`)

func isHost(text string) bool {
	if parts := addressWithPort.FindStringSubmatch(text); parts != nil {
		return strings.Contains(parts[1], ":") && net.ParseIP(parts[1]) != nil
	}
	return nameWithPort.MatchString(text)
}

// readField understands a header or trailer field.
func readField(line []byte) (field, error) {
	name, value, found := strings.Cut(string(line), ":")
	if !found || !isToken([]byte(name)) {
		return field{}, refuse(400, "a field is a token, a colon and a value")
	}
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return field{}, refuse(400, "a value has no control characters")
		}
	}
	return field{strings.ToLower(name), strings.Trim(value, " \t")}, nil
}

// checkHost holds the head against RFC 9112, 3.2.
func (r *request) checkHost() error {
	hosts := r.fields.all("host")
	switch {
	case len(hosts) == 0 && r.minor > 0:
		return refuse(400, "Host is missing")
	case len(hosts) > 1:
		return refuse(400, "Host comes more than once")
	case len(hosts) == 1 && hosts[0] != "" && !isHost(hosts[0]):
		return refuse(400, "Host is no host")
	}
	return nil
}

// frame finds out where the request ends (RFC 9112, 6.3).
func (r *request) frame(maxBody int64) error {
	lengths, codings := r.fields.all("content-length"), r.fields.all("transfer-encoding")
	if len(codings) > 0 {
		if len(lengths) > 0 || r.minor == 0 {
			return refuse(400, "Transfer-Encoding is out of place")
		}
		r.chunked = true
		return checkCodings(strings.Join(codings, ","))
	}
	if len(lengths) == 0 {
		return nil
	}
	if len(lengths) > 1 || lengths[0] == "" {
		return refuse(400, "there is one length")
	}
	for _, c := range []byte(lengths[0]) {
		if c < '0' || c > '9' {
			return refuse(400, "a length has digits only")
		}
		if r.length < 1<<50 {
			r.length = r.length*10 + int64(c-'0')
		}
	}
	if r.length > maxBody {
		return refuse(413, "the body is too long")
	}
	return nil
}

func checkCodings(list string) error {
	codings := strings.Split(strings.ToLower(list), ",")
	chunked := 0
	for at, coding := range codings {
		codings[at] = strings.Trim(coding, " \t")
		if codings[at] == "chunked" {
			chunked++
		}
	}
	if codings[len(codings)-1] != "chunked" || chunked > 1 {
		return refuse(400, "chunks come last, and once")
	}
	if len(codings) > 1 {
		return refuse(501, "no coding is known but chunks")
	}
	return nil
}
