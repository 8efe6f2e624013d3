//! What the kernel and its host use, for JupyterLab's resource indicator.
//!
//! The numbers come from Linux's `/proc`; elsewhere the reply says who the kernel is, and no more.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Map, Value, json};

/// Clock ticks in a second, which Linux has fixed for programs.
const TICKS: f64 = 100.0;

/// Remembers the last reading, since a share of the processor is that of a span of time.
#[derive(Default)]
pub(crate) struct Usage {
    last: Option<Reading>,
}

struct Reading {
    at: Instant,
    /// Seconds of processor time of this process and its children.
    own: f64,
    /// Ticks of all processors: busy and all.
    host: (f64, f64),
}

impl Usage {
    /// The content of a `usage_reply`.
    pub(crate) fn read(&mut self) -> Value {
        let mut reply = json!({
            "hostname": hostname(),
            "pid": std::process::id(),
            "cpu_count": std::thread::available_parallelism().map_or(1, usize::from),
        });
        let Some(fields) = reply.as_object_mut() else {
            return reply;
        };
        let (own, memory) = family(std::process::id());
        if let Some(memory) = memory {
            fields.insert("kernel_memory".into(), memory.into());
        }
        if let Some(memory) = host_memory() {
            fields.insert("host_virtual_memory".into(), memory);
        }
        if let Some(host) = host_ticks() {
            let now = Reading {
                at: Instant::now(),
                own,
                host,
            };
            let (mut kernel, mut all) = (0.0, 0.0);
            if let Some(last) = &self.last {
                kernel = percent(now.own - last.own, (now.at - last.at).as_secs_f64());
                all = percent(now.host.0 - last.host.0, now.host.1 - last.host.1);
            }
            fields.insert("kernel_cpu".into(), kernel.into());
            fields.insert("host_cpu_percent".into(), all.into());
            self.last = Some(now);
        }
        reply
    }
}

/// `part` of `whole`, with one decimal.
fn percent(part: f64, whole: f64) -> f64 {
    if part <= 0.0 || whole <= 0.0 {
        return 0.0;
    }
    (part / whole * 1000.0).round() / 10.0
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok());
    name.map_or_else(|| "localhost".into(), |name| name.trim().to_owned())
}

/// Processor seconds and bytes of memory of a process and all its descendants.
fn family(root: u32) -> (f64, Option<u64>) {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut seconds = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may end while it is looked at.
        let Some((parent, used)) = std::fs::read_to_string(entry.path().join("stat"))
            .ok()
            .as_deref()
            .and_then(parent_and_seconds)
        else {
            continue;
        };
        children.entry(parent).or_default().push(pid);
        seconds.insert(pid, used);
    }
    let mut members = vec![root];
    let (mut used, mut memory) = (0.0, None);
    while let Some(pid) = members.pop() {
        used += seconds.get(&pid).unwrap_or(&0.0);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        if let Some(kilobytes) = kilobytes(&status).get("VmRSS") {
            memory = Some(memory.unwrap_or(0) + kilobytes * 1024);
        }
        members.extend(children.remove(&pid).unwrap_or_default());
    }
    (used, memory)
}

/// The parent and the processor seconds of a process, from its `stat`. The second field is its
/// name in parentheses, which may hold anything.
fn parent_and_seconds(stat: &str) -> Option<(u32, f64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let user: f64 = fields.nth(9)?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((parent, (user + system) / TICKS))
}

/// The busy and all ticks of all processors together.
fn host_ticks() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<f64> = stat
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .take(8) // the rest is counted in these, too
        .filter_map(|ticks| ticks.parse().ok())
        .collect();
    let all: f64 = ticks.iter().sum();
    let idle = ticks.get(3)? + ticks.get(4)?;
    Some((all - idle, all))
}

/// The host's memory in bytes, under the names that psutil gave it.
fn host_memory() -> Option<Value> {
    let memory = std::fs::read_to_string("/proc/meminfo").ok()?;
    let memory = kilobytes(&memory);
    let total = memory.get("MemTotal")?;
    let available = memory.get("MemAvailable")?;
    let used = total.saturating_sub(*available);
    let mut fields = Map::new();
    for (name, field) in [
        ("total", "MemTotal"),
        ("available", "MemAvailable"),
        ("free", "MemFree"),
        ("active", "Active"),
        ("inactive", "Inactive"),
        ("buffers", "Buffers"),
        ("cached", "Cached"),
        ("shared", "Shmem"),
        ("slab", "Slab"),
    ] {
        if let Some(kilobytes) = memory.get(field) {
            fields.insert(name.into(), (kilobytes * 1024).into());
        }
    }
    fields.insert("used".into(), (used * 1024).into());
    let share = percent(used as f64, *total as f64);
    fields.insert("percent".into(), share.into());
    Some(fields.into())
}

/// The lines `Name:   123 kB` of a file of `/proc`.
fn kilobytes(text: &str) -> HashMap<&str, u64> {
    text.lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let number = value.trim().strip_suffix(" kB")?.parse().ok()?;
            Some((name, number))
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let stat = "7 (a) R 9 (b) S 3 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 1";
        assert_eq!(parent_and_seconds(stat), Some((3, 2.0)));
    }

    #[test]
    fn the_numbers_are_of_this_process_and_host() {
        let mut usage = Usage::default();
        usage.read();
        let start = Instant::now();
        while start.elapsed().as_millis() < 60 {}
        let reply = usage.read();
        assert_eq!(reply["pid"], std::process::id());
        assert!(
            reply["kernel_memory"].as_u64().unwrap() > 1 << 20,
            "{reply}"
        );
        assert!(reply["kernel_cpu"].as_f64().unwrap() > 1.0, "{reply}");
        let memory = &reply["host_virtual_memory"];
        assert!(
            memory["total"].as_u64() > memory["used"].as_u64(),
            "{reply}"
        );
    }
}
