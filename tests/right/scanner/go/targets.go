package main

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A host is one address, and how the user calls it.
type host struct {
	addr netip.Addr
	name string // empty if the target was no name
}

// String is the value of the field "host".
func (h host) String() string {
	if h.name != "" {
		return h.name
	}
	return h.addr.String()
}

// A block is a run of addresses, both ends included. Blocks are never spelled out: a /8 has 16 million hosts.
type block struct {
	first, last netip.Addr
	name        string
}

func (b block) contains(addr netip.Addr) bool {
	return b.first.BitLen() == addr.BitLen() && b.first.Compare(addr) <= 0 && addr.Compare(b.last) <= 0
}

type targets []block

// hosts yields each host once, under the first target that names it.
func (t targets) hosts() iter.Seq[host] {
	return func(yield func(host) bool) {
		for i, block := range t {
			for addr := block.first; ; addr = addr.Next() {
				if !t[:i].contain(addr) && !yield(host{addr, block.name}) {
					return
				}
				if addr == block.last {
					break
				}
			}
		}
	}
}

func (t targets) contain(addr netip.Addr) bool {
	for _, block := range t {
		if block.contains(addr) {
			return true
		}
	}
	return false
}

func parseTargets(words []string) (targets, error) {
	var found targets
	for _, word := range words {
		block, err := parseTarget(word)
		if err != nil {
			return nil, err
		}
		found = append(found, block)
	}
	return found, nil
}

func parseTarget(word string) (block, error) {
	if addr, err := netip.ParseAddr(word); err == nil && addr.Zone() == "" {
		return block{first: addr, last: addr}, nil
	}
	if strings.Contains(word, "/") {
		return parseCIDR(word)
	}
	if start, end, found := strings.Cut(word, "-"); found {
		if addr, err := netip.ParseAddr(start); err == nil && addr.Is4() {
			return parseRange(word, addr, end)
		}
	}
	return resolve(word)
}

func parseCIDR(word string) (block, error) {
	prefix, err := netip.ParsePrefix(word)
	if err != nil {
		return block{}, fmt.Errorf("%q is not a CIDR block", word)
	}
	prefix = prefix.Masked()
	last := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	return block{first: prefix.Addr(), last: end}, nil
}

func parseRange(word string, first netip.Addr, end string) (block, error) {
	octets := first.As4()
	octet, err := strconv.ParseUint(end, 10, 8)
	if err != nil || uint8(octet) < octets[3] {
		return block{}, fmt.Errorf("%q is not a range of addresses", word)
	}
	octets[3] = uint8(octet)
	return block{first: first, last: netip.AddrFrom4(octets)}, nil
}

func resolve(name string) (block, error) {
	// Resolvers take 127.1 or 2130706433 for addresses; the contract does not, and 192.0.2.256 is no name to look up.
	if strings.Trim(name, "0123456789.-") == "" {
		return block{}, fmt.Errorf("%q is neither an address nor a name", name)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(context.Background(), "ip", name)
	if err != nil || len(addrs) == 0 {
		return block{}, fmt.Errorf("%q does not resolve", name)
	}
	addr := addrs[0].Unmap()
	return block{first: addr, last: addr, name: name}, nil
}
