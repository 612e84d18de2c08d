//! The thin binary: everything is in the library.

fn main() -> std::process::ExitCode {
    trailquet::cli::main()
}
