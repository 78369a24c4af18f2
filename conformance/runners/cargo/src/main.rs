// Compiled by ../rustc-wrapper: Rust's own libraries for FreeBSD are in no distribution.
fn main() {}
