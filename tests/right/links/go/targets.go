package main

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	form     = regexp.MustCompile(`^([hH][tT][tT][pP][sS]?)://([^/?#]*)`)
	printing = regexp.MustCompile(`^[!-~]+$`)
	naming   = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	digits   = regexp.MustCompile(`^[0-9]*$`)
)

// place is a host in its one spelling, and a port.
type place struct {
	host string
	ip   netip.Addr
	port int
}

// placeOf says where an address leads, or what is wrong with it.
func placeOf(target string) (place, string) {
	if len(target) > 2048 || !printing.MatchString(target) {
		return place{}, "must be 1 to 2048 printable ASCII characters without spaces"
	}
	parts := form.FindStringSubmatch(target)
	if parts == nil {
		return place{}, "must be an absolute http or https address"
	}
	if strings.Contains(parts[2], "@") {
		return place{}, "must have no user name or password"
	}
	host, port, found := parts[2], "", false
	if strings.HasPrefix(host, "[") {
		inside, rest, closed := strings.Cut(host[1:], "]")
		if !closed || (rest != "" && rest[0] != ':') {
			return place{}, "has a wrong host"
		}
		ip, err := netip.ParseAddr(inside)
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return place{}, "has a wrong host"
		}
		host, port = ip.String(), strings.TrimPrefix(rest, ":")
		return portOf(place{host: host, ip: ip}, parts[1], port)
	}
	host, port, found = strings.Cut(host, ":")
	if !naming.MatchString(host) || (found && strings.Contains(port, ":")) {
		return place{}, "has a wrong host"
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "" {
		return place{}, "has a wrong host"
	}
	p := place{host: host}
	if endsInNumber(host) {
		ip, good := ipv4(host)
		if !good {
			return place{}, "has a wrong IPv4 address"
		}
		p.host, p.ip = ip.String(), ip
	}
	return portOf(p, parts[1], port)
}

func portOf(p place, scheme, port string) (place, string) {
	port = strings.TrimLeft(port, "0") + map[bool]string{true: "0"}[port != "" && strings.Trim(port, "0") == ""]
	if !digits.MatchString(port) || len(port) > 5 {
		return place{}, "has a wrong port"
	}
	p.port, _ = strconv.Atoi(port)
	if p.port > 65535 {
		return place{}, "has a wrong port"
	}
	if port == "" {
		p.port = map[bool]int{true: 443, false: 80}[strings.EqualFold(scheme, "https")]
	}
	return p, ""
}

func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last != "" && digits.MatchString(last) {
		return true
	}
	_, good := part(last)
	return good
}

// part is a number as WHATWG URL, 3.5 reads it: decimal, octal behind 0, hexadecimal behind 0x.
func part(text string) (uint64, bool) {
	base := 10
	if text == "" {
		return 0, false
	}
	if strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") {
		text, base = text[2:], 16
	} else if len(text) > 1 && text[0] == '0' {
		text, base = text[1:], 8
	}
	if text == "" {
		return 0, true
	}
	if strings.ContainsAny(text, "_+-") {
		return 0, false
	}
	value, err := strconv.ParseUint(text, base, 63)
	return value, err == nil
}

func ipv4(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var whole uint64
	for i, one := range parts {
		value, good := part(one)
		last := i == len(parts)-1
		if !good || (!last && value > 255) || (last && value >= 1<<(8*(5-len(parts)))) {
			return netip.Addr{}, false
		}
		if last {
			whole += value
		} else {
			whole += value << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), true
}

func prefixes(texts string) (found []netip.Prefix) {
	for _, text := range strings.Fields(texts) {
		found = append(found, netip.MustParsePrefix(text))
	}
	return
}

// The special-purpose registries of IANA (RFC 6890 and what was added), and multicast.
var (
	shut = prefixes(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
		192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
		::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16
		fc00::/7 fe80::/10 fec0::/10 ff00::/8`)
	open = prefixes(`192.0.0.9/32 192.0.0.10/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28`)
)

func within(ip netip.Addr, blocks []netip.Prefix) bool {
	for _, block := range blocks {
		if block.Contains(ip) {
			return true
		}
	}
	return false
}

// reachable says whether everyone in the Internet would find the same machine there.
func reachable(ip netip.Addr) bool {
	bytes := ip.As16()
	switch {
	case ip.Is4In6():
		return false
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
		return reachable(netip.AddrFrom4([4]byte(bytes[12:16])))
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		return reachable(netip.AddrFrom4([4]byte(bytes[2:6])))
	}
	return within(ip, open) || !within(ip, shut)
}

// wrongTarget says what is wrong with a target, or nothing.
func (s Settings) wrongTarget(target string) string {
	there, wrong := placeOf(target)
	if wrong != "" {
		return wrong
	}
	own, _ := placeOf(s.public)
	same := own.host == there.host || (own.ip.IsValid() && there.ip.IsValid() && own.ip.Unmap() == there.ip.Unmap())
	if same && own.port == there.port {
		return "must not lead back to this service"
	}
	if s.allowPrivate {
		return ""
	}
	if there.host == "localhost" || strings.HasSuffix(there.host, ".localhost") || (there.ip.IsValid() && !reachable(there.ip)) {
		return "must not lead into a private network"
	}
	return ""
}
