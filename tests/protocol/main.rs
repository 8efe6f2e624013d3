//! The kernel loop, seen by a front end: the echo kernel runs in process, and each test is a
//! transcript. Whatever a kernel says beyond it makes the test fail.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../crates/jupyter/src/boxes.rs"]
#[allow(unreachable_pub)]
mod boxes;
#[path = "../../crates/jupyter/examples/echo/interpreter.rs"]
mod echo;
mod frontend;

mod aside;
mod bounds;
mod curve;
mod execute;
mod history;
mod input;
mod interrupt;
mod lifetime;
mod outputs;
mod raw;
mod rejected;
