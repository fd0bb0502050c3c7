//! SIGTERM and SIGINT, and what listens until then.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

static STOPPING: AtomicBool = AtomicBool::new(false);

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
/// How long a blocked thread may take to see that the program stops.
pub const LOOK_UP: Duration = Duration::from_millis(50);
/// How long all connections together may take to end.
pub const PATIENCE: Duration = Duration::from_secs(8);

extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
}

extern "C" fn on_signal(_number: i32) {
    STOPPING.store(true, Ordering::SeqCst); // all that is safe to do here
}

pub fn watch_signals() {
    // SAFETY: `signal` of the C library that std is linked with anyway; the handler touches nothing but an atomic.
    unsafe {
        signal(SIGTERM, on_signal);
        signal(SIGINT, on_signal);
    }
}

pub fn stopping() -> bool {
    STOPPING.load(Ordering::SeqCst)
}

pub fn wait() {
    while !stopping() {
        thread::sleep(LOOK_UP);
    }
}

/// One thread for each connection; who finishes waits for them.
pub struct Connections {
    address: std::net::SocketAddr,
    open: Arc<(Mutex<usize>, Condvar)>,
}

pub fn serve(port: u16, handle: impl Fn(TcpStream) + Send + Sync + 'static) -> io::Result<Connections> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let connections = Connections {
        address: listener.local_addr()?,
        open: Arc::default(),
    };
    let (open, handle) = (connections.open.clone(), Arc::new(handle));
    thread::spawn(move || accept(listener, &open, &handle));
    Ok(connections)
}

fn accept(
    listener: TcpListener,
    open: &Arc<(Mutex<usize>, Condvar)>,
    handle: &Arc<impl Fn(TcpStream) + Send + Sync + 'static>,
) {
    for connection in listener.incoming() {
        if stopping() {
            return;
        }
        let Ok(connection) = connection else {
            thread::sleep(Duration::from_millis(100)); // out of file descriptors, say
            continue;
        };
        let counted = Counted::new(open.clone());
        let handle = handle.clone();
        let _ = thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            handle(connection);
            drop(counted);
        });
    }
}

impl Connections {
    /// Takes no new connections, and waits for those that are open, but not for ever.
    pub fn finish(self, deadline: Instant) {
        let _ = TcpStream::connect(self.address); // wakes whoever accepts, so that he sees that it is over
        let mut open = self.open.0.lock().unwrap();
        while *open > 0 && Instant::now() < deadline {
            open = self.open.1.wait_timeout(open, LOOK_UP).unwrap().0;
        }
    }
}

struct Counted(Arc<(Mutex<usize>, Condvar)>);

impl Counted {
    fn new(open: Arc<(Mutex<usize>, Condvar)>) -> Self {
        *open.0.lock().unwrap() += 1;
        Counted(open)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        *self.0 .0.lock().unwrap() -= 1;
        self.0 .1.notify_all();
    }
}

/// True for a read or write that found nothing to do within its time.
pub fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
