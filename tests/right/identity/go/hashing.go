package main

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
)

const (
	atATime     = 2
	longestWait = 5 * time.Second
	nice        = 5
	memoryKiB   = 19_456
	passes      = 2
)

// Line hashes passwords, a few at a time, away from everything else.
type Line struct {
	jobs   chan func()
	nobody string

	mutex  sync.Mutex
	inside int
	each   time.Duration
}

func newLine() *Line {
	runtime.GOMAXPROCS(runtime.NumCPU() + atATime) // else goroutines that answer wait for those that hash to be preempted
	line := &Line{jobs: make(chan func()), each: 50 * time.Millisecond}
	for range atATime {
		go line.work()
	}
	line.nobody = line.hash(newSecret())
	return line
}

// work has less of a claim to the processor than what answers.
func (l *Line) work() {
	runtime.LockOSThread()
	syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), nice)
	for job := range l.jobs {
		begun := time.Now()
		job()
		l.mutex.Lock()
		l.each += (time.Since(begun) - l.each) / 8
		l.mutex.Unlock()
	}
}

func (l *Line) run(job func()) {
	done := make(chan struct{})
	l.jobs <- func() { defer close(done); job() }
	<-done
}

// place is one in the line, until it is given back; whoever would wait too long gets none.
func (l *Line) place() (leave func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	wait := time.Duration(l.inside) * l.each / atATime
	if wait > longestWait {
		panic(unavailable("too many want to log in", int(wait.Seconds())))
	}
	l.inside++
	return func() {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.inside--
	}
}

func (l *Line) hash(password string) (found string) {
	salt := random(16)
	l.run(func() {
		key := argon2.IDKey([]byte(password), salt, passes, memoryKiB, 1, 32)
		code := base64.RawStdEncoding.EncodeToString
		found = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", memoryKiB, passes, code(salt), code(key))
	})
	return found
}

// fits is whether this is the password; without a hash it takes as long, and is not.
func (l *Line) fits(hash, password string) (fits bool) {
	if hash == "" {
		l.fits(l.nobody, password)
		return false
	}
	parts := strings.Split(hash, "$")
	var memory, time uint32
	var threads uint8
	fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads)
	salt, _ := base64.RawStdEncoding.DecodeString(parts[4])
	key, _ := base64.RawStdEncoding.DecodeString(parts[5])
	l.run(func() {
		again := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(len(key)))
		fits = subtle.ConstantTimeCompare(again, key) == 1
	})
	return fits
}
