//! The stages, each measured alone and all together; a file for each. `cargo bench -- NAME`.

mod decode;
mod export;
mod extract;
mod merge;
mod scan;
mod support;

fn main() {
    divan::main();
}
