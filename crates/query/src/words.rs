//! Numbers in words: how long, how large, how many.

use std::time::Duration;

/// A duration in words: `12 ms`, `1.23 s`, `2 min 3 s`.
pub(crate) fn elapsed(time: Duration) -> String {
    match (time.as_secs(), time.as_millis()) {
        (0, 0) => "under 1 ms".into(),
        (0, ms) => format!("{ms} ms"),
        (1..60, _) => format!("{:.2} s", time.as_secs_f64()),
        (seconds, _) => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A duration as psql's `\timing` tells it, with its line end.
pub(crate) fn time(time: Duration) -> String {
    format!("Time: {:.3} ms\n", time.as_secs_f64() * 1e3)
}

/// A number of bytes in words: `512 B`, `1.5 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((name, unit)) => {
            let number = format!("{:.1}", bytes as f64 / *unit as f64);
            format!("{} {name}", number.trim_end_matches(".0"))
        }
    }
}

/// Bytes as `pg_size_pretty` prints them.
pub(crate) fn pretty_size(bytes: u64) -> String {
    let mut size = bytes;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 10_240 {
            return format!("{size} {unit}");
        }
        size = size.div_ceil(1024);
    }
    format!("{size} TB")
}

/// How many there are of what goes by this name: `1 row`, `7 rows`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_pretty() {
        assert_eq!(pretty_size(0), "0 bytes");
        assert_eq!(pretty_size(16_384), "16 kB");
        assert_eq!(pretty_size(20 << 20), "20 MB");
    }
}
