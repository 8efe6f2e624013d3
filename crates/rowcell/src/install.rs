//! `rowcell install` and `uninstall`: the kernelspec, where Jupyter finds it.
//!
//! Places: Jupyter's documentation, "Making kernels for Jupyter", kernel specs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::Where;
use crate::allow::Allow;
use crate::terminal::say;

/// The files beside `kernel.json`.
const LOGOS: &[(&str, &[u8])] = &[
    (
        "logo-32x32.png",
        include_bytes!("../../../kernelspec/logo-32x32.png"),
    ),
    (
        "logo-64x64.png",
        include_bytes!("../../../kernelspec/logo-64x64.png"),
    ),
    (
        "logo-svg.svg",
        include_bytes!("../../../kernelspec/logo-svg.svg"),
    ),
];
const SPEC: &str = include_str!("../../../kernelspec/kernel.json");

/// Writes the kernelspec and prints its folder.
pub(crate) fn install(place: &Where, allow: &Allow) -> Result<(), String> {
    let program = std::env::current_exe()
        .map_err(|error| format!("where this program is cannot be told: {error}"))?;
    let program = program
        .to_str()
        .ok_or("the path of this program is no UTF-8, which kernel.json must be")?;
    let mut spec: Value =
        serde_json::from_str(SPEC).map_err(|error| format!("kernel.json: {error}"))?;
    // A bare name would need the server's PATH to hold it.
    if let Some(first) = spec.pointer_mut("/argv/0") {
        *first = program.into();
    }
    if let Some(arguments) = spec["argv"].as_array_mut() {
        // Behind the program and its command.
        let at = arguments.len().min(2);
        arguments.splice(at..at, allow.arguments().into_iter().map(Value::from));
    }
    let folder = folder(place)?;
    fs::create_dir_all(&folder).map_err(|error| {
        format!(
            "{} cannot be written: {error}. --prefix DIR installs elsewhere.",
            folder.display()
        )
    })?;
    let write = |name: &str, bytes: &[u8]| {
        let written = files::Output::write_whole(&folder.join(name), bytes);
        written.map_err(|error| format!("{error}. --prefix DIR installs elsewhere."))
    };
    // Last what makes it a kernelspec: Jupyter shows none whose files are missing.
    for (name, bytes) in LOGOS {
        write(name, bytes)?;
    }
    write("kernel.json", format!("{spec:#}\n").as_bytes())?;
    say(&folder.display().to_string());
    Ok(())
}

/// Removes the kernelspec and prints the folder it was in.
pub(crate) fn uninstall(place: &Where) -> Result<(), String> {
    let folder = folder(place)?;
    if !folder.join("kernel.json").exists() {
        return Err(format!("{} is not installed", folder.display()));
    }
    fs::remove_dir_all(&folder)
        .map_err(|error| format!("{} cannot be removed: {error}", folder.display()))?;
    say(&folder.display().to_string());
    Ok(())
}

fn folder(place: &Where) -> Result<PathBuf, String> {
    let data = match &place.prefix {
        Some(prefix) => prefix.join("share/jupyter"),
        None if place.sys_prefix => sys_prefix()?.join("share/jupyter"),
        None => user_data()?,
    };
    Ok(data.join("kernels/rowcell"))
}

/// Jupyter's data folder of this user.
fn user_data() -> Result<PathBuf, String> {
    if let Some(folder) = variable("JUPYTER_DATA_DIR") {
        return Ok(folder);
    }
    let home = || {
        std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .ok_or("there is no home folder: use --prefix DIR")
    };
    Ok(match std::env::consts::OS {
        "macos" => home()?.join("Library/Jupyter"),
        "windows" => variable("APPDATA")
            .ok_or("APPDATA is not set: use --prefix DIR")?
            .join("jupyter"),
        _ => match variable("XDG_DATA_HOME") {
            Some(folder) => folder.join("jupyter"),
            None => home()?.join(".local/share/jupyter"),
        },
    })
}

fn sys_prefix() -> Result<PathBuf, String> {
    if let Some(folder) = variable("VIRTUAL_ENV").or_else(|| variable("CONDA_PREFIX")) {
        return Ok(folder);
    }
    for python in ["python3", "python"] {
        let asked = Command::new(python)
            .args(["-c", "import sys; print(sys.prefix)"])
            .output();
        if let Ok(answer) = asked
            && answer.status.success()
        {
            return Ok(String::from_utf8_lossy(&answer.stdout).trim().into());
        }
    }
    Err("no virtual environment is active and no Python is on the path: use --prefix DIR".into())
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
