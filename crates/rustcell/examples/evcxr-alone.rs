//! evcxr by itself, as the benchmarks' peer: runs each argument as a cell, and prints the milliseconds
//! of each; the first counts from the start.

#![allow(clippy::print_stdout, reason = "an example's output")]

use std::error::Error;
use std::thread;
use std::time::Instant;

use evcxr::CommandContext;

fn main() -> Result<(), Box<dyn Error>> {
    evcxr::runtime_hook();
    let mut began = Instant::now();
    let (mut context, outputs) = CommandContext::new()?;
    thread::spawn(move || outputs.stdout.iter().for_each(drop));
    thread::spawn(move || outputs.stderr.iter().for_each(drop));
    for cell in std::env::args().skip(1) {
        context.execute(&cell)?;
        println!("{:.1}", began.elapsed().as_secs_f64() * 1000.0);
        began = Instant::now();
    }
    Ok(())
}
