package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

var types = map[string]string{
	".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".txt": "text/plain",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg",
}

var pieces = sync.Pool{New: func() any { piece := make([]byte, 64*1024); return &piece }}

// clockTick is longer than the kernel's: two changes of a file within one tick have the same time.
const clockTick = 20 * time.Millisecond

const waitForDescriptor = 2 * time.Second

// file is an open file with what validators need.
type file struct {
	*os.File
	kind     string
	size     int64
	tag      string
	modified time.Time // whole seconds
}

func isFile(r *request) bool {
	segments := strings.Split(r.rawPath, "/")
	first, _ := unescape(segments[1])
	return first == "files" && len(segments) > 2
}

func fileAnswer(r *request, root string) *answer {
	names := strings.Split(r.rawPath, "/")[2:]
	for at := range names {
		names[at], _ = unescape(names[at])
		isLast := at == len(names)-1
		if names[at] == "." || names[at] == ".." || strings.Contains(names[at], "/") || names[at] == "" && !isLast {
			return notThere()
		}
	}
	name := names[len(names)-1]
	if name == "" {
		name = "index.html"
		if _, err := inside(root, names[:len(names)-1]); err != nil {
			return notThere()
		}
		names[len(names)-1] = name
	} else if info, err := statInside(root, names); err == nil && info.IsDir() {
		location := r.rawPath + "/"
		if r.query != "" {
			location += "?" + r.query
		}
		return plain(301, "this is a folder\n", field{"Location", location})
	}
	found, err := openInside(root, names)
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			return plain(503, "too many files are open\n")
		}
		return notThere()
	}
	found.kind = types[path.Ext(name)]
	if found.kind == "" {
		found.kind = "application/octet-stream"
	}
	return found.answer(r)
}

func notThere() *answer { return plain(404, "no such file\n") }

// inside is the real path of what the names lead to, if that is below the root.
func inside(root string, names []string) (string, error) {
	real, err := filepath.EvalSymlinks(root + "/" + strings.Join(names, "/"))
	if err != nil {
		return "", err
	}
	if real != root && !strings.HasPrefix(real, root+"/") {
		return "", os.ErrNotExist
	}
	return real, nil
}

func statInside(root string, names []string) (os.FileInfo, error) {
	real, err := inside(root, names)
	if err != nil {
		return nil, err
	}
	return os.Stat(real)
}

func openInside(root string, names []string) (*file, error) {
	real, err := inside(root, names)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // before it is opened: a named pipe would notice
		return nil, os.ErrNotExist
	}
	opened, err := openPatiently(real)
	if err != nil {
		return nil, err
	}
	return describe(opened)
}

func openPatiently(name string) (*os.File, error) {
	for until := time.Now().Add(waitForDescriptor); ; {
		opened, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		isFull := errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
		if !isFull || time.Now().After(until) {
			return opened, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// describe waits until a change of the file after this one would have another time.
func describe(opened *os.File) (*file, error) {
	for tries := 0; ; tries++ {
		info, err := opened.Stat()
		if err != nil || !info.Mode().IsRegular() {
			opened.Close()
			return nil, os.ErrNotExist
		}
		about := info.Sys().(*syscall.Stat_t)
		left := time.Until(time.Unix(about.Ctim.Unix()).Add(clockTick))
		if left <= 0 || left > clockTick || tries == 5 {
			tag := fmt.Sprintf(`"%x.%x.%x.%x"`, info.Size(), info.ModTime().UnixNano(), about.Ctim.Nano(), about.Ino)
			return &file{File: opened, size: info.Size(), tag: tag, modified: time.Unix(info.ModTime().Unix(), 0).UTC()}, nil
		}
		time.Sleep(left)
	}
}

func (f *file) answer(r *request) *answer {
	modified := f.modified
	if now := time.Now().UTC().Truncate(time.Second); modified.After(now) {
		modified = now // RFC 9110, 8.8.2.1
	}
	validators := []field{{"ETag", f.tag}, {"Last-Modified", modified.Format(dateForm)}}
	switch judge(r.fields, f.tag, modified) {
	case 304:
		f.Close()
		return &answer{status: 304, fields: validators[:1]}
	case 412:
		f.Close()
		return plain(412, "a precondition failed\n")
	}
	a := &answer{status: 200, fields: append(validators, field{"Accept-Ranges", "bytes"}, field{"Content-Type", f.kind})}
	first, length := int64(0), f.size
	if part, ok := rangeOf(r, f.tag, modified); ok {
		if first, length = part.within(f.size); length == 0 {
			f.Close()
			return plain(416, "there is nothing in this range\n", field{"Content-Range", fmt.Sprintf("bytes */%d", f.size)})
		}
		a.status = 206
		a.fields = append(a.fields, field{"Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, first+length-1, f.size)})
	}
	a.length = length
	a.send = func(write func([]byte) error) error { return f.sendPart(first, length, write) }
	a.done = func() { f.Close() }
	return a
}

func (f *file) sendPart(first, length int64, write func([]byte) error) error {
	piece := pieces.Get().(*[]byte)
	defer pieces.Put(piece)
	for length > 0 {
		count, err := f.ReadAt((*piece)[:min(length, int64(len(*piece)))], first)
		if count == 0 {
			return errors.Join(io.ErrUnexpectedEOF, err) // the file has become shorter
		}
		if err := write((*piece)[:count]); err != nil {
			return err
		}
		first += int64(count)
		length -= int64(count)
	}
	return nil
}
