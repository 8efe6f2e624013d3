//! The engine against a stand-in for Adobe Experience Platform's Query Service, which resembles
//! PostgreSQL and differs from it: cells go in, and what they show, and what reached the service,
//! is compared with what is right.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod notebook;
#[allow(dead_code)] // other tests need more of it
#[path = "../support/recorder.rs"]
mod recorder;
mod stand_in;

mod answers;
mod errors;
mod interrupt;
mod manners;
mod passwords;
mod rust;
mod sessions;
mod ways_in;
