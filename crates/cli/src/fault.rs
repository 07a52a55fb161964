//! A panic is our mistake, and must not look like anything else to a script: it is told, what was begun is removed, and the
//! program ends as with any fault of its own, whichever thread it was.

use std::panic;
use std::process;

use crate::exit::Exit;
use crate::unfinished;

/// From now on, a panic ends the program so. Releases do not unwind (`Cargo.toml`), so this is the last that they do.
pub fn watch() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |fault| {
        tell(fault);
        unfinished::clear();
        #[expect(clippy::exit, reason = "nothing goes on after a fault")]
        process::exit(Exit::Tool.code().into());
    }));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use std::path::Path;
    use std::process::Command;
    use std::{env, fs, thread};

    use super::*;

    /// Names the folder of the child that is to fail.
    const FOLDER: &str = "RACKWRIGHT_TEST_FAULT";

    #[test]
    fn a_panic_of_any_thread_is_a_fault_of_the_program_and_leaves_nothing_half() {
        if let Some(folder) = env::var_os(FOLDER) {
            let half = Path::new(&folder).join("half");
            let _unfinished = unfinished::Unfinished::begin(&half);
            fs::write(&half, "{").unwrap();
            watch();
            // Whoever waits for the thread would go on.
            let joined = thread::spawn(|| panic!("this is a bug")).join();
            assert!(joined.is_err());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let name = thread::current().name().unwrap().to_owned();
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", &name, "--nocapture"])
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        assert_eq!(child.status.code(), Some(3), "{child:?}");
        let told = String::from_utf8(child.stderr).unwrap();
        assert!(told.contains("this is a bug"), "{told}");
        assert!(!folder.path().join("half").exists());
    }
}
