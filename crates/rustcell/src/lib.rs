//! Rust cells: evcxr in a helper process of its own.
