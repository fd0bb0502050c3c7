package main

import (
	"fmt"
	"os"
	"strconv"
)

const largestSetting = 1_000_000_000

type Settings struct {
	Port, IngestPort                      int64
	DataDir                               string
	WindowMs, SlideMs, LatenessMs, IdleMs int64
	Workers                               int
}

type lookup func(name string) (string, bool)

// readSettings says which variable is missing or wrong.
func readSettings(env lookup) (s Settings, err error) {
	number := func(name string, low, high int64, fallback *int64) int64 {
		value, wrong := readNumber(env, name, low, high, fallback)
		if err == nil {
			err = wrong
		}
		return value
	}
	orElse := func(value int64) *int64 { return &value }
	s.Port = number("PORT", 1, 65535, nil)
	s.IngestPort = number("INGEST_PORT", 1, 65535, nil)
	s.WindowMs = number("WINDOW_MS", 1, largestSetting, nil)
	s.SlideMs = number("SLIDE_MS", 1, largestSetting, &s.WindowMs)
	s.LatenessMs = number("LATENESS_MS", 0, largestSetting, orElse(0))
	s.IdleMs = number("IDLE_MS", 1, largestSetting, orElse(10_000))
	s.Workers = int(number("WORKERS", 1, 64, orElse(1)))
	if err != nil {
		return s, err
	}
	if s.WindowMs%s.SlideMs != 0 {
		return s, fmt.Errorf("SLIDE_MS: WINDOW_MS %d is not a multiple of %d", s.WindowMs, s.SlideMs)
	}
	s.DataDir, _ = env("DATA_DIR")
	if s.DataDir == "" {
		return s, fmt.Errorf("DATA_DIR: is missing")
	}
	if info, err := os.Stat(s.DataDir); err != nil || !info.IsDir() {
		return s, fmt.Errorf("DATA_DIR: there is no folder %q", s.DataDir)
	}
	return s, nil
}

func readNumber(env lookup, name string, low, high int64, fallback *int64) (int64, error) {
	text, given := env(name)
	if !given && fallback != nil {
		return *fallback, nil
	}
	if !given {
		return 0, fmt.Errorf("%s: is missing", name)
	}
	value, err := digits(text)
	if err != nil || value < low || value > high {
		return 0, fmt.Errorf("%s: must be a whole number from %d to %d, not %.40q", name, low, high, text)
	}
	return value, nil
}

// digits reads what is written in digits only; ParseUint would take no sign either, but says so of an empty text as well.
func digits(text string) (int64, error) {
	value, err := strconv.ParseUint(text, 10, 63)
	return int64(value), err
}
