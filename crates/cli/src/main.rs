//! The `rackwright` program. Everything is in the library.

fn main() -> std::process::ExitCode {
    rackwright_cli::main()
}
