//! What is being written and is not whole yet: an interrupt takes it away.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files and folders that were begun. Whoever is interrupted keeps the lock, so that nobody goes on.
static BEGUN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn begun() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file or folder that is not whole yet.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// Says what is about to be made.
    pub fn begin(path: &Path) -> Self {
        begun().insert(path.to_owned());
        Self(path.to_owned())
    }

    /// Stops here for good once an interrupt has begun to clear away.
    pub fn go_on() {
        drop(begun());
    }

    /// Does the last steps, which no interrupt divides.
    pub fn finish<T>(self, last: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mut held = begun();
        let done = last();
        held.remove(&self.0);
        drop(held);
        done
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        begun().remove(&self.0);
    }
}

/// Takes away what was begun, unless whoever does that already has the lock.
pub fn clear() {
    if let Ok(begun) = BEGUN.try_lock() {
        begun.iter().for_each(|path| remove(path));
    }
}

/// Whether an interrupt from the terminal is another program's.
static DEAF: AtomicBool = AtomicBool::new(false);

/// While it lives, an interrupt from the terminal ends nothing here: it is for the program that has the terminal.
#[derive(Debug)]
pub struct Deaf(());

impl Deaf {
    /// From now on.
    pub fn to_interrupts() -> Self {
        DEAF.store(true, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        DEAF.store(false, Ordering::SeqCst);
    }
}

/// Clears away at the first interrupt and ends by its signal, as a program without a handler does.
#[cfg(unix)]
pub fn watch() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else {
        // Without a handler the signal ends the program as well, and leaves what was begun.
        return;
    };
    std::thread::spawn(move || {
        let heard = |signal: &i32| *signal != SIGINT || !DEAF.load(Ordering::SeqCst);
        if let Some(signal) = signals.forever().find(heard) {
            let begun = begun();
            begun.iter().for_each(|path| remove(path));
            let what = if begun.is_empty() {
                ""
            } else {
                "; what was begun is removed"
            };
            crate::output::eprint(&format!("error: interrupted{what}\n"));
            signal_hook::low_level::emulate_default_handler(signal).unwrap_or(());
        }
    });
}

/// Elsewhere the system ends the program, and leaves what was begun.
#[cfg(not(unix))]
pub fn watch() {}

/// Removes a file or a folder. Who writes into it stops at the next step, so a step that was under way may add to it.
fn remove(path: &Path) {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(path)
        } else {
            std::fs::remove_file(path)
        };
        let gone = removed.is_ok() || !path.exists();
        std::thread::sleep(std::time::Duration::from_millis(1));
        if gone && !path.exists() {
            return;
        }
    }
}
