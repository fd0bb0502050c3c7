package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const largestSetting = 1_000_000_000

// Settings are what the environment says.
type Settings struct {
	port              int
	root              string
	maxHead           int
	maxBody           int64
	head, stall, idle time.Duration
}

func readSettings() (Settings, error) {
	var s Settings
	var failure error
	number := func(name string, low, high, fallback int) int {
		value, err := readNumber(name, low, high, fallback)
		if failure == nil {
			failure = err
		}
		return value
	}
	milliseconds := func(name string, fallback int) time.Duration {
		return time.Duration(number(name, 1, largestSetting, fallback)) * time.Millisecond
	}
	s.port = number("PORT", 1, 65535, -1)
	s.maxHead = number("MAX_HEAD_BYTES", 256, largestSetting, 16384)
	s.maxBody = int64(number("MAX_BODY_BYTES", 0, largestSetting, 1048576))
	s.head = milliseconds("HEAD_MS", 10_000)
	s.stall = milliseconds("STALL_MS", 10_000)
	s.idle = milliseconds("IDLE_MS", 60_000)
	if failure == nil {
		s.root, failure = readRoot()
	}
	return s, failure
}

// readNumber reads a whole number; a negative fallback means that there is none.
func readNumber(name string, low, high, fallback int) (int, error) {
	text, given := os.LookupEnv(name)
	if !given && fallback >= 0 {
		return fallback, nil
	}
	if !given {
		return 0, fmt.Errorf("%s is missing", name)
	}
	value, err := strconv.ParseUint(text, 10, 64) // takes digits only
	if err != nil || value < uint64(low) || value > uint64(high) {
		return 0, fmt.Errorf("%s is %q, and must be a whole number from %d to %d", name, text, low, high)
	}
	return int(value), nil
}

func readRoot() (string, error) {
	text, given := os.LookupEnv("ROOT")
	if !given {
		return "", fmt.Errorf("ROOT is missing")
	}
	if info, err := os.Stat(text); err != nil || !info.IsDir() {
		return "", fmt.Errorf("ROOT is %q, which is no folder", text)
	}
	root, err := filepath.Abs(text)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	return strings.TrimSuffix(root, "/"), err
}
