//! Files below the root: finding them, and what a request gets of one.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::answer::{Answer, Content};
use crate::conditions::{judge, wanted_part, Part, Validators};
use crate::dates;
use crate::request::{decoded, Request};
use crate::sys;

const WAIT_FOR_DESCRIPTOR: Duration = Duration::from_secs(2);
const TICK_NS: i128 = 20_000_000; // the kernel's clock for files moves in steps that are shorter than this

enum Found {
    File(PathBuf),
    Folder,
    Nothing,
}

pub fn answer(request: &Request, root: &Path) -> Answer {
    let names: Option<Vec<Vec<u8>>> = request.raw_path.split('/').skip(2).map(decoded).collect();
    let Some(mut names) = names else {
        return Answer::bare(404);
    };
    let wants_folder = names.last().is_some_and(Vec::is_empty);
    if wants_folder {
        names.pop();
    }
    let is_name = |name: &Vec<u8>| !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/');
    if !names.iter().all(is_name) {
        return Answer::bare(404);
    }
    let mut path = root.to_path_buf();
    path.extend(names.iter().map(|name| OsStr::from_bytes(name)));
    let (found, name) = match find(&path, root) {
        Found::Folder if wants_folder => (find(&path.join("index.html"), root), b"index.html".to_vec()),
        Found::Folder => return moved(request),
        Found::File(_) if wants_folder => return Answer::bare(404),
        found => (found, names.pop().unwrap_or_default()),
    };
    match found {
        Found::File(path) => match opened(&path) {
            Ok(file) => of_file(request, file, &name),
            Err(error) if lacks_descriptor(&error) => Answer::bare(503),
            Err(_) => Answer::bare(404),
        },
        _ => Answer::bare(404),
    }
}

fn moved(request: &Request) -> Answer {
    let query = if request.query.is_empty() {
        String::new()
    } else {
        format!("?{}", request.query)
    };
    Answer::bare(301).with("Location", format!("{}/{query}", request.raw_path))
}

/// What is at the path when all symbolic links are followed, if that is inside. It is looked at before it is opened: a named pipe
/// would notice.
fn find(path: &Path, root: &Path) -> Found {
    let Ok(real) = fs::canonicalize(path) else {
        return Found::Nothing;
    };
    if !real.starts_with(root) {
        return Found::Nothing;
    }
    match fs::metadata(&real) {
        Ok(about) if about.is_dir() => Found::Folder,
        Ok(about) if about.is_file() => Found::File(real),
        _ => Found::Nothing,
    }
}

fn lacks_descriptor(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code.is_some_and(|code| sys::NO_DESCRIPTORS.contains(&code))
}

/// Opens it; connections may hold all descriptors but a few, so one may have to be waited for.
fn opened(path: &Path) -> io::Result<File> {
    let until = Instant::now() + WAIT_FOR_DESCRIPTOR;
    loop {
        let result = OpenOptions::new()
            .read(true)
            .custom_flags(sys::NON_BLOCKING | sys::NO_FOLLOW)
            .open(path);
        match &result {
            Err(error) if lacks_descriptor(error) && Instant::now() < until => {
                thread::sleep(Duration::from_millis(20));
            }
            _ => return result,
        }
    }
}

/// What is known of the file, at a moment from which on every change shows in its times.
fn settled(file: &File) -> io::Result<Metadata> {
    let mut about = file.metadata()?;
    for _ in 0..5 {
        let changed = i128::from(about.ctime()) * 1_000_000_000 + i128::from(about.ctime_nsec());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_nanos() as i128);
        let left = changed + TICK_NS - now;
        if !(1..=TICK_NS).contains(&left) {
            break;
        }
        thread::sleep(Duration::from_nanos(left as u64));
        about = file.metadata()?;
    }
    Ok(about)
}

fn of_file(request: &Request, file: File, name: &[u8]) -> Answer {
    let about = match settled(&file) {
        Ok(about) if about.is_file() => about,
        _ => return Answer::bare(404),
    };
    let size = about.len();
    let times = (about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec());
    let validators = Validators {
        tag: format!(
            "\"{size}-{}.{:09}-{}.{:09}-{}\"",
            times.0,
            times.1,
            times.2,
            times.3,
            about.ino()
        ),
        modified: about.mtime().min(dates::now()), // never in the future (RFC 9110, 8.8.2.1)
    };
    let status = judge(&request.fields, &validators);
    let known = |answer: Answer| {
        let answer = answer.with("ETag", validators.tag.clone());
        answer.with("Last-Modified", dates::written(validators.modified))
    };
    match status {
        Some(304) => return known(Answer::bare(304)),
        Some(status) => return Answer::bare(status),
        None => {}
    }
    let (status, first, length) = match wanted_part(request, &validators, size) {
        Part::All => (200, 0, size),
        Part::Of { first, length } => (206, first, length),
        Part::Nothing => return Answer::bare(416).with("Content-Range", format!("bytes */{size}")),
    };
    let mut answer = known(Answer::new(status, Vec::new(), Content::Part { file, first, length }));
    answer = answer
        .with("Content-Type", kind_of(name))
        .with("Accept-Ranges", "bytes");
    if status == 206 {
        answer = answer.with("Content-Range", format!("bytes {first}-{}/{size}", first + length - 1));
    }
    answer
}

fn kind_of(name: &[u8]) -> &'static str {
    let extension = name.iter().rposition(|&c| c == b'.').map(|dot| &name[dot + 1..]);
    match extension.unwrap_or(b"") {
        b"html" => "text/html; charset=utf-8",
        b"css" => "text/css; charset=utf-8",
        b"js" => "text/javascript; charset=utf-8",
        b"json" => "application/json",
        b"txt" => "text/plain; charset=utf-8",
        b"svg" => "image/svg+xml",
        b"png" => "image/png",
        b"jpg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}
