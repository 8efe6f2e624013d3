//! What is asked of the operating system that the standard library has no word for.

#![allow(
    unsafe_code,
    reason = "four calls of the C library, each made safe here"
)]

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a process can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// End at once.
    Kill,
    /// Stand still.
    Stop,
    /// Go on.
    Continue,
}

impl Signal {
    fn number(self) -> i32 {
        match self {
            Signal::Kill => libc::SIGKILL,
            Signal::Stop => libc::SIGSTOP,
            Signal::Continue => libc::SIGCONT,
        }
    }
}

/// Signals a process; one that is gone is no error.
pub(crate) fn signal(process: u32, signal: Signal) {
    send(i32::try_from(process).unwrap_or_default(), signal);
}

/// Signals all processes of the group that this process leads or once led.
pub(crate) fn signal_group(leader: u32, signal: Signal) {
    send(-i32::try_from(leader).unwrap_or_default(), signal);
}

fn send(whom: i32, signal: Signal) {
    // 0 would be our own group, -1 everybody.
    if whom.abs() > 1 {
        // SAFETY: takes two numbers and touches no memory.
        unsafe { libc::kill(whom, signal.number()) };
    }
}

/// Has the system end this process when the one that started it ends.
pub(crate) fn end_with_parent() {
    #[cfg(target_os = "linux")]
    // SAFETY: takes two numbers and touches no memory.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL)
    };
}

/// Lets this process and those it starts have so much memory of their own each, in bytes: an
/// allocation beyond it fails.
pub(crate) fn limit_memory(bytes: u64) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: bytes,
    };
    // SAFETY: reads the structure, which lives longer than the call.
    unsafe { libc::setrlimit(libc::RLIMIT_DATA, &raw const limit) };
}

/// The memory of this machine, or what its control group leaves of it, in bytes.
pub(crate) fn memory() -> Option<u64> {
    let file = |path: &str| fs::read_to_string(path).ok();
    let machine = file("/proc/meminfo").and_then(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes << 10)
    });
    let allowed = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]
    .into_iter()
    .find_map(|path| file(path)?.trim().parse().ok());
    [machine, allowed].into_iter().flatten().min()
}

/// Waits until one of the files can be read or has ended, and says of each whether; not longer
/// than `patience`.
///
/// # Errors
/// The system's.
pub(crate) fn readable<const N: usize>(
    files: [Option<BorrowedFd<'_>>; N],
    patience: Option<Duration>,
) -> io::Result<[bool; N]> {
    let mut polled = files.map(|file| libc::pollfd {
        // A negative one is passed over.
        fd: file.map_or(-1, |file| file.as_raw_fd()),
        events: libc::POLLIN,
        revents: 0,
    });
    let patience = patience.map_or(-1, |time| {
        i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
    });
    // SAFETY: the array lives longer than the call, and its length is given.
    let found = unsafe { libc::poll(polled.as_mut_ptr(), N as libc::nfds_t, patience) };
    if found < 0 {
        let error = io::Error::last_os_error();
        return match error.kind() {
            io::ErrorKind::Interrupted => Ok([false; N]),
            _ => Err(error),
        };
    }
    Ok(polled.map(|file| file.revents != 0))
}

/// Waits until a process that was told to stand still does, with all of its threads.
pub(crate) fn wait_until_still(process: u32) {
    wait(|| {
        let tasks = fs::read_dir(format!("/proc/{process}/task"));
        let mut stats = tasks.into_iter().flatten().flatten().filter_map(|task| {
            let name = task.file_name();
            stat_of(&format!("/proc/{process}/task/{}", name.to_str()?))
        });
        stats.all(|stat| !stat.alive || stat.still)
    });
}

/// Ends all processes of the group that this one leads but itself, and waits until they have ended.
/// Those are spared, with what they have started, of which the first argument says so.
pub(crate) fn end_others_of_group(leader: u32, spared: impl Fn(&str) -> bool) {
    let is_spared = |process: u32| {
        let mut below = above(process).take_while(|process| *process != leader);
        below.any(|process| first_argument(process).is_some_and(|argument| spared(&argument)))
    };
    // What is being ended may start others in its last moment.
    wait(|| {
        let mut others = others_of_group(leader);
        others.retain(|process| !is_spared(*process));
        others
            .iter()
            .for_each(|process| signal(*process, Signal::Kill));
        others.is_empty()
    });
}

/// Looks until it is so, for a tenth of a second at most: what the system was told takes a moment.
fn wait(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() && begun.elapsed() < Duration::from_millis(100) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a process is this one, or was started by it or by one that it has started.
pub(crate) fn descends(process: u32, from: u32) -> bool {
    above(process).any(|process| process == from)
}

/// A process, the one that has started it, and so on.
fn above(process: u32) -> impl Iterator<Item = u32> {
    let parent = |process: &u32| stat(*process).map(|stat| stat.parent);
    let above = std::iter::successors(Some(process), parent);
    // Numbers are given out anew, and a look at a moving target may go in a circle.
    above.take_while(|process| *process > 1).take(100)
}

/// The processes of the group that this one leads, itself left out; none where the system has no
/// `/proc`. Those that have ended and are not yet waited for are no longer counted.
pub(crate) fn others_of_group(leader: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let processes = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes
        .filter(|process| *process != leader)
        .filter(|process| stat(*process).is_some_and(|stat| stat.alive && stat.group == leader))
        .collect()
}

/// The processes that this one has started and that run the program of this file.
pub(crate) fn children_that_run(parent: u32, program: &Path) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task"));
    let lists = tasks
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = lists
        .flat_map(|list| {
            let children = list.split_whitespace().map(str::parse);
            children.flatten().collect::<Vec<_>>()
        })
        .collect();
    let runs = |process: &u32| executable(*process).is_some_and(|file| file == program);
    children.into_iter().filter(runs).collect()
}

fn first_argument(process: u32) -> Option<String> {
    let line = fs::read(format!("/proc/{process}/cmdline")).ok()?;
    let argument = line.split(|byte| *byte == 0).nth(1)?;
    String::from_utf8(argument.to_vec()).ok()
}

fn executable(process: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{process}/exe")).ok()
}

/// Whether the first thread of the process waits for its standard input.
pub(crate) fn waits_for_input(process: u32) -> bool {
    let reading = if cfg!(target_arch = "aarch64") {
        "63 0x0 "
    } else {
        "0 0x0 "
    };
    fs::read_to_string(format!("/proc/{process}/syscall"))
        .is_ok_and(|call| call.starts_with(reading))
}

struct Stat {
    alive: bool,
    still: bool,
    parent: u32,
    group: u32,
}

fn stat(process: u32) -> Option<Stat> {
    stat_of(&format!("/proc/{process}"))
}

fn stat_of(folder: &str) -> Option<Stat> {
    let text = fs::read_to_string(format!("{folder}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    Some(Stat {
        alive: !matches!(state, "Z" | "X"),
        still: matches!(state, "T" | "t"),
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}
