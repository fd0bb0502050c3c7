// A network scanner that does not scan yet: it reads its arguments and prints an empty summary.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type options struct {
	targets []string
	ports   string
	timeout time.Duration
	all     bool
}

type summary struct {
	Hosts    int     `json:"hosts"`
	Ports    int     `json:"ports"`
	Open     int     `json:"open"`
	Closed   int     `json:"closed"`
	Filtered int     `json:"filtered"`
	Elapsed  float64 `json:"elapsed_s"`
}

// parse is by hand because package flag stops at the first word that is not an option.
func parse(args []string) (options, error) {
	opts := options{ports: "80,443,8000,8008,8080,8081,8443,8888", timeout: time.Second}
	for i := 0; i < len(args); i++ {
		switch word := args[i]; {
		case word == "--all":
			opts.all = true
		case !strings.HasPrefix(word, "-"):
			opts.targets = append(opts.targets, word)
		case i+1 == len(args):
			return opts, fmt.Errorf("%s needs a value", word)
		default:
			i++
			if err := opts.set(word, args[i]); err != nil {
				return opts, err
			}
		}
	}
	if len(opts.targets) == 0 {
		return opts, fmt.Errorf("no target")
	}
	return opts, nil
}

// set takes --concurrency and --rate without a look at them so far.
func (o *options) set(name, value string) error {
	switch name {
	case "--ports":
		o.ports = value
	case "--timeout":
		seconds, err := strconv.ParseFloat(value, 64)
		o.timeout = time.Duration(seconds * float64(time.Second))
		return err
	case "--concurrency", "--rate":
	default:
		return fmt.Errorf("unknown option %s", name)
	}
	return nil
}

func main() {
	_, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "scanner:", err)
		os.Exit(2)
	}
	start := time.Now()
	var total summary
	// Begin here: connect to the port of the target. If the handshake completes within the timeout, the port is open:
	// print its line and count it in total.
	total.Elapsed = time.Since(start).Seconds()
	json.NewEncoder(os.Stdout).Encode(map[string]summary{"summary": total})
}
