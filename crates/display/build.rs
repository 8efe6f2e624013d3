//! Takes in what `make` has npm make: Vega as one script, and fonts. Without it there are no
//! pictures of charts, and that is said.

use std::path::Path;
use std::{env, fs, io};

const FILES: [&str; 4] = [
    "vega.js",
    "Arimo_400Regular.ttf",
    "Arimo_700Bold.ttf",
    "DejaVuSans.ttf",
];

fn main() -> io::Result<()> {
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    // target/debug/build/display-…/out
    let made = Path::new(&out).ancestors().nth(4);
    let made = made.unwrap_or(Path::new(&out)).join("vega");
    // Watched, so it has to be there: what is missing would be looked for at every build.
    fs::create_dir_all(&made)?;
    println!("cargo::rerun-if-changed={}", made.display());
    println!("cargo::rustc-check-cfg=cfg(vega)");
    if FILES.iter().all(|file| made.join(file).is_file()) {
        for file in FILES {
            fs::copy(made.join(file), Path::new(&out).join(file))?;
        }
        println!("cargo::rustc-cfg=vega");
    } else {
        println!("cargo::warning=charts have no PNG: make, where it finds npm, builds with it");
    }
    Ok(())
}
