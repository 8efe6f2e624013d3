//! Links the program to a fixed address on Linux: 200,000 relocations of the parts of the compiler
//! that Rust cells need would be worked through at each start, and stay in memory.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
