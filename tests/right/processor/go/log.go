package main

import (
	"bufio"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// The write-ahead log, and the snapshots that keep it short.
//
// A record is in the log before anybody hears of what it says. It is given to the kernel with write(2), which outlives `kill -9` of
// this process; to survive a power failure, append would have to call file.Sync.
//
// Generation n is the file log-n; the folder snapshot-n holds the state at its beginning. A snapshot is built in a folder with another
// name and renamed when it is whole, and only then is the generation before it deleted.

type recordKind byte

const (
	recordTaken recordKind = iota + 1
	recordIdle
	recordStart
)

type Record struct {
	Kind     recordKind
	Readings []Reading // of recordTaken; of recordIdle, only their sensors count
}

type Log struct {
	dir        string
	generation int
	size       int
	file       *os.File
}

// checkWindows writes down the kind of windows at the first start, and compares it at every other.
func checkWindows(settings Settings) error {
	path := filepath.Join(settings.DataDir, "windows.json")
	mine := map[string]int64{"WINDOW_MS": settings.WindowMs, "SLIDE_MS": settings.SlideMs}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data, _ = json.Marshal(mine)
		if err := os.WriteFile(path+".new", data, 0o644); err != nil {
			return fmt.Errorf("DATA_DIR: %v", err)
		}
		return os.Rename(path+".new", path)
	}
	written := map[string]int64{}
	if err := json.Unmarshal(data, &written); err != nil {
		return fmt.Errorf("DATA_DIR: %s: %v", path, err)
	}
	for _, name := range []string{"WINDOW_MS", "SLIDE_MS"} {
		if written[name] != mine[name] {
			return fmt.Errorf("%s: DATA_DIR was written with %d, not %d", name, written[name], mine[name])
		}
	}
	return nil
}

func (l *Log) logPath(generation int) string {
	return filepath.Join(l.dir, fmt.Sprintf("log-%d", generation))
}

func (l *Log) snapshotPath(generation int) string {
	return filepath.Join(l.dir, fmt.Sprintf("snapshot-%d", generation))
}

// openLog gives the log and the folder of the newest snapshot, or "" if there is none.
func openLog(dir string) (l *Log, snapshot string) {
	l = &Log{dir: dir}
	folders, _ := filepath.Glob(filepath.Join(dir, "snapshot-*"))
	for _, folder := range folders {
		var generation int
		if _, err := fmt.Sscanf(filepath.Base(folder), "snapshot-%d", &generation); err == nil && generation >= l.generation {
			l.generation, snapshot = generation, folder
		}
	}
	return l, snapshot
}

// replay calls apply for all records since the newest snapshot. What a kill cut off is removed, so that new records follow whole ones.
func (l *Log) replay(apply func(Record)) error {
	for ; ; l.generation++ {
		file, err := os.OpenFile(l.logPath(l.generation), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		reader := bufio.NewReaderSize(file, 1<<20)
		whole := 0
		for {
			data, ok := wholeRecord(reader)
			if !ok {
				break
			}
			whole += recordHead + len(data)
			apply(decoded(data))
		}
		if err := file.Truncate(int64(whole)); err != nil {
			return err
		}
		l.file, l.size = file, whole
		if _, err := os.Stat(l.logPath(l.generation + 1)); err != nil {
			return nil
		}
		file.Close()
	}
}

const recordHead = 8 // length and checksum

func wholeRecord(reader io.Reader) (data []byte, ok bool) {
	var head [recordHead]byte
	if _, err := io.ReadFull(reader, head[:]); err != nil {
		return nil, false
	}
	data = make([]byte, binary.LittleEndian.Uint32(head[:]))
	_, err := io.ReadFull(reader, data)
	return data, err == nil && crc32.ChecksumIEEE(data) == binary.LittleEndian.Uint32(head[4:])
}

// append writes a record. If it can't, nothing may be promised any more, and the program ends.
func (l *Log) append(record Record) {
	data := encoded(record)
	binary.LittleEndian.PutUint32(data, uint32(len(data)-recordHead))
	binary.LittleEndian.PutUint32(data[4:], crc32.ChecksumIEEE(data[recordHead:]))
	if _, err := l.file.Write(data); err != nil {
		panic(err)
	}
	l.size += len(data)
}

// encoded leaves room for the head.
func encoded(record Record) []byte {
	data := append(make([]byte, recordHead, recordHead+1+32*len(record.Readings)), byte(record.Kind))
	for _, r := range record.Readings {
		data = append(data, byte(len(r.Sensor)))
		data = append(data, r.Sensor...)
		data = binary.AppendUvarint(data, uint64(r.Seq))
		data = binary.AppendUvarint(data, uint64(r.Ts))
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(r.Value))
	}
	return data
}

func decoded(data []byte) Record {
	record := Record{Kind: recordKind(data[0])}
	number := func() int64 {
		value, length := binary.Uvarint(data)
		data = data[length:]
		return int64(value)
	}
	for data = data[1:]; len(data) > 0; data = data[8:] {
		end := 1 + int(data[0])
		reading := Reading{Sensor: string(data[1:end])}
		data = data[end:]
		reading.Seq, reading.Ts = number(), number()
		reading.Value = math.Float64frombits(binary.LittleEndian.Uint64(data))
		record.Readings = append(record.Readings, reading)
	}
	return record
}

// beginGeneration: from here on, records belong to the next snapshot; gives the folder to build it in.
func (l *Log) beginGeneration() (folder string) {
	l.generation++
	file, err := os.OpenFile(l.logPath(l.generation), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		panic(err)
	}
	l.file.Close()
	l.file, l.size = file, 0
	folder = filepath.Join(l.dir, "unfinished")
	os.RemoveAll(folder)
	if err := os.Mkdir(folder, 0o755); err != nil {
		panic(err)
	}
	return folder
}

func (l *Log) finishSnapshot(folder string, generation int) error {
	if err := os.Rename(folder, l.snapshotPath(generation)); err != nil {
		return err
	}
	os.RemoveAll(l.snapshotPath(generation - 1))
	return os.Remove(l.logPath(generation - 1))
}

func saveGob(path string, value any) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return gob.NewEncoder(file).Encode(value)
}

func loadGob(path string, value any) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return gob.NewDecoder(file).Decode(value)
}
