//! The `brocante` program.

fn main() -> std::process::ExitCode {
    brocante::cli::main()
}
