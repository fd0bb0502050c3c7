package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

const (
	longestLine    = 4096
	largestInteger = 1<<53 - 1
	longestSensor  = 64
)

type Reading struct {
	Sensor string
	Seq    int64
	Ts     int64
	Value  float64
}

type Rejected struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// Cutter cuts what arrives on one connection into blocks of whole lines, and counts them.
type Cutter struct {
	tail []byte
	seen int
}

// Cut gives the lines that are complete now, with the number of the first; ok is false if there is none.
func (c *Cutter) Cut(data []byte) (block []byte, first int, ok bool) {
	last := bytes.LastIndexByte(data, '\n')
	if last < 0 {
		c.tail = shortened(append(c.tail, data...))
		return nil, 0, false
	}
	block = append(c.tail, data[:last]...)
	c.tail = append([]byte(nil), shortened(data[last+1:])...)
	first = c.seen + 1
	c.seen += bytes.Count(block, []byte{'\n'}) + 1
	return block, first, true
}

// shortened keeps of a line that is too long already as much as shows that it is.
func shortened(tail []byte) []byte {
	return tail[:min(len(tail), longestLine+1)]
}

// parseBlock reads lines with newlines between them.
func parseBlock(block []byte, first int) (readings []Reading, rejected []Rejected) {
	for number := first; ; number++ {
		line, rest, more := bytes.Cut(block, []byte{'\n'})
		if reading, empty, err := parseLine(line); err != nil {
			rejected = append(rejected, Rejected{number, err.Error()})
		} else if !empty {
			readings = append(readings, reading)
		}
		if !more {
			return readings, rejected
		}
		block = rest
	}
}

func parseLine(line []byte) (r Reading, empty bool, err error) {
	if len(line) > longestLine {
		return r, false, fmt.Errorf("the line is longer than %d bytes", longestLine)
	}
	if len(bytes.Trim(line, " \t\r")) == 0 {
		return r, true, nil
	}
	if !utf8.Valid(line) { // package json would replace what is wrong
		return r, false, fmt.Errorf("the line is not UTF-8")
	}
	var fields map[string]json.RawMessage // a struct's fields would match names in any case
	if err := json.Unmarshal(line, &fields); err != nil {
		return r, false, fmt.Errorf("expected a JSON object: %v", err)
	}
	if fields == nil {
		return r, false, fmt.Errorf("expected a JSON object, got null")
	}
	if r.Sensor, err = sensorOf(fields["sensor"]); err != nil {
		return r, false, err
	}
	if r.Seq, err = integerOf("seq", fields["seq"], 1, largestInteger); err != nil {
		return r, false, err
	}
	if r.Ts, err = integerOf("ts", fields["ts"], 0, largestInteger); err != nil {
		return r, false, err
	}
	r.Value, err = valueOf(fields["value"])
	return r, false, err
}

func sensorOf(raw json.RawMessage) (string, error) {
	var name string
	if json.Unmarshal(raw, &name) != nil || !isSensor(name) {
		return "", fmt.Errorf("sensor: expected 1 to %d letters, digits, '.', '_', ':', '-', got %s", longestSensor, shown(raw))
	}
	return name, nil
}

func isSensor(name string) bool {
	for _, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && c != '.' && c != '_' && c != ':' && c != '-' {
			return false
		}
	}
	return 1 <= len(name) && len(name) <= longestSensor
}

func integerOf(name string, raw json.RawMessage, low, high int64) (int64, error) {
	number, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: expected an integer, got %s", name, shown(raw))
	}
	if number < low || number > high {
		return 0, fmt.Errorf("%s: expected %d to %d, got %s", name, low, high, shown(raw))
	}
	return number, nil
}

func valueOf(raw json.RawMessage) (float64, error) {
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return 0, fmt.Errorf("value: expected a number, got %s", shown(raw))
	}
	value, _ := strconv.ParseFloat(string(raw), 64)
	if math.IsInf(value, 0) {
		return 0, fmt.Errorf("value: larger than a 64-bit float can hold")
	}
	return value, nil
}

func shown(raw json.RawMessage) string {
	if raw == nil {
		return "nothing"
	}
	return fmt.Sprintf("%.80s", raw)
}
