//! The filter: a process between evcxr and the process of the cells.
//!
//! It passes evcxr's own lines on, both ways, and sends what the user writes straight to the kernel.
//! While a cell runs it has Rust's own buffer of standard output emptied now and then, so that half
//! a line is seen, too; and it notices a program that waits for input which nobody announced.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::footing::{self, Said};
use crate::helper::WRAPPER;
use crate::message::{Event, Events, Fault, LARGEST};
use crate::scan::{Line, Piece, Scanner};
use crate::system::{self, Signal};

/// How often a cell that runs is looked after.
const TICK: Duration = Duration::from_millis(50);
/// How long a line on standard error waits for what may explain it: the error that a `?` returns is
/// printed before it is announced.
const EXPLAINED: Duration = Duration::from_millis(100);
/// How long that may take between the two.
const ANNOUNCED: Duration = Duration::from_millis(5);
/// How long the buffer of standard output may take to be emptied when a cell is done.
const FLUSH: Duration = Duration::from_millis(100);

const NOW: Option<Duration> = Some(Duration::ZERO);

/// What Rust prints before it ends a process that gets no more memory.
const OUT_OF_MEMORY: &[u8] = b"memory allocation of ";

/// What evcxr begins a command to run code with; a library and a function of it follow.
const RUN: &[u8] = b"LOAD_AND_RUN ";
/// In the folder: the libraries of the cells, by a path without a space.
const LIBRARIES: &str = "cells";
/// What `evcxr_input` prints to have the user asked.
const ASK: &[u8] = b"EVCXR_INPUT_REQUEST:";

/// Serves until the process of the cells, or evcxr, has ended; and gives the exit status.
pub(crate) fn run(folder: &Path) -> i32 {
    system::end_with_parent();
    match Filter::start(folder).and_then(Filter::serve) {
        Ok(status) => status.code().unwrap_or(1),
        Err(error) => {
            // evcxr reads this.
            let _ = writeln!(
                io::stderr(),
                "the process of the cells cannot be served: {error}"
            );
            2
        }
    }
}

struct Filter {
    folder: PathBuf,
    events: Events,
    door: UnixListener,
    child: Child,
    /// Closed when evcxr closes its end.
    commands: Option<ChildStdin>,
    /// The beginning of evcxr's next line.
    command: Vec<u8>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    scanner: Scanner,
    /// The footing in the process of the cells, once it has called.
    footing: Option<UnixStream>,
    said: footing::Reader,
    /// Requests to empty the buffer that are not answered yet.
    flushes: usize,
    running: bool,
    ticked: Instant,
    /// How often in a row the cell was seen waiting for input.
    waiting: u32,
    /// Whether the user was asked, and has not answered.
    asked: bool,
    /// What came on standard error and is not sent yet, and since when.
    errors: Vec<u8>,
    since: Instant,
    /// What was sent of it last.
    last_errors: Vec<u8>,
    panic: Option<Fault>,
    buffer: Vec<u8>,
}

impl Filter {
    fn start(folder: &Path) -> io::Result<Self> {
        let events = Events::open(&folder.join(crate::EVENTS))?;
        let path = folder.join(format!("cells-{}", std::process::id()));
        let door = UnixListener::bind(&path)?;
        let mut cells = Command::new(crate::this_program()?);
        WRAPPER.iter().for_each(|name| {
            cells.env_remove(name);
        });
        let mut child = cells
            .env(footing::DOOR, &path)
            // evcxr asks for one, and half of it would be of our own code.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        events.send(&Event::Spare(vec![std::process::id(), child.id()]))?;
        Ok(Filter {
            folder: folder.to_owned(),
            events,
            door,
            commands: child.stdin.take(),
            command: Vec::new(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            scanner: Scanner::default(),
            footing: None,
            said: footing::Reader::default(),
            flushes: 0,
            running: false,
            ticked: Instant::now(),
            waiting: 0,
            asked: false,
            errors: Vec::new(),
            since: Instant::now(),
            last_errors: Vec::new(),
            panic: None,
            buffer: vec![0; LARGEST],
        })
    }

    fn serve(mut self) -> io::Result<ExitStatus> {
        loop {
            // A process that ends closes these a moment before it can be waited for.
            let closed = self.stdout.is_none() || self.stderr.is_none();
            let patience = match (self.errors.is_empty(), self.running || closed) {
                (false, _) => Some(EXPLAINED),
                (true, true) => Some(TICK),
                (true, false) => None,
            };
            self.read(patience)?;
            if !self.errors.is_empty() && self.since.elapsed() >= EXPLAINED {
                self.send_errors()?;
            }
            if (self.running || closed) && self.ticked.elapsed() >= TICK {
                self.ticked = Instant::now();
                if let Some(status) = self.child.try_wait()? {
                    return self.end(status);
                }
                self.look_after()?;
            }
        }
    }

    /// What a cell that runs needs now and then.
    fn look_after(&mut self) -> io::Result<()> {
        if !self.running {
            return Ok(());
        }
        if self.flushes == 0 {
            self.ask_to_flush();
        }
        // Twice, for an answer that is on its way.
        match !self.asked && system::waits_for_input(self.child.id()) {
            true if self.waiting > 0 => {
                self.asked = true;
                self.tell_evcxr(ASK)
            }
            true => {
                self.waiting += 1;
                Ok(())
            }
            false => Ok(()),
        }
    }

    /// Takes what is there, waiting for something not longer than `patience`; whether there was
    /// anything.
    fn read(&mut self, patience: Option<Duration>) -> io::Result<bool> {
        let stdin = io::stdin();
        let [command, door, footing, stderr, stdout] = system::readable(
            [
                self.commands.as_ref().map(|_| stdin.as_fd()),
                Some(self.door.as_fd()).filter(|_| self.footing.is_none()),
                self.footing.as_ref().map(AsFd::as_fd),
                self.stderr.as_ref().map(AsFd::as_fd),
                self.stdout.as_ref().map(AsFd::as_fd),
            ],
            patience,
        )?;
        if command {
            self.read_command()?;
        }
        if door {
            self.footing = self.door.accept().ok().map(|(stream, _)| stream);
            self.flushes = 0;
        }
        if footing {
            self.read_footing();
        }
        // Before standard output: what announces an error comes after the error.
        if stderr {
            self.read_stderr()?;
        }
        if stdout {
            self.read_stdout()?;
        }
        Ok(command || door || footing || stderr || stdout)
    }

    fn read_command(&mut self) -> io::Result<()> {
        let count = io::stdin().lock().read(&mut self.buffer)?;
        self.command
            .extend_from_slice(self.buffer.get(..count).unwrap_or_default());
        self.asked = false;
        self.waiting = 0;
        if count == 0 {
            // evcxr wants it to end, or has ended. What runs would not see that.
            self.commands = None;
            system::signal(self.child.id(), Signal::Kill);
        }
        while let Some(end) = self.command.iter().position(|byte| *byte == b'\n') {
            let mut line: Vec<u8> = self.command.drain(..=end).collect();
            if let Some(rest) = line.strip_prefix(RUN) {
                line = [RUN, &self.without_space(rest)].concat();
                self.running = true;
                self.panic = None;
                self.last_errors.clear();
                self.events.send(&Event::Runs)?;
            }
            if let Some(commands) = &mut self.commands {
                let _ = commands.write_all(&line).and_then(|()| commands.flush());
            }
        }
        Ok(())
    }

    /// What follows [`RUN`], with a path that has no space in it: the process of the cells takes the
    /// first space for the path's end. The library keeps its folder's name for what it finds beside it.
    fn without_space(&self, rest: &[u8]) -> Vec<u8> {
        let space = rest.iter().rposition(|byte| *byte == b' ');
        let (path, function) = rest.split_at(space.unwrap_or(rest.len()));
        let path = Path::new(OsStr::from_bytes(path));
        let (Some(library), Some(name)) = (path.parent(), path.file_name()) else {
            return rest.to_vec();
        };
        if !library.as_os_str().as_bytes().contains(&b' ') {
            return rest.to_vec();
        }
        let link = self.folder.join(LIBRARIES);
        if fs::read_link(&link).is_ok_and(|there| there != library) {
            let _ = fs::remove_file(&link);
        }
        // One that is there already is the same.
        let _ = symlink(library, &link);
        let path = OsString::from(link.join(name)).into_vec();
        [&path, function].concat()
    }

    fn read_footing(&mut self) {
        let Some(footing) = &mut self.footing else {
            return;
        };
        match footing.read(&mut self.buffer) {
            Ok(count) if count > 0 => {
                let bytes = self.buffer.get(..count).unwrap_or_default();
                for said in self.said.feed(bytes) {
                    match said {
                        Said::Flushed => self.flushes = self.flushes.saturating_sub(1),
                        Said::Panicked(fault) => self.panic = Some(fault),
                    }
                }
            }
            _ => self.footing = None,
        }
    }

    fn read_stderr(&mut self) -> io::Result<()> {
        self.waiting = 0;
        let Some(stderr) = &mut self.stderr else {
            return Ok(());
        };
        let count = stderr.read(&mut self.buffer).unwrap_or(0);
        if count == 0 {
            self.stderr = None;
            return Ok(());
        }
        if self.errors.is_empty() {
            self.since = Instant::now();
        }
        let bytes = self.buffer.get(..count).unwrap_or_default();
        self.errors.extend_from_slice(bytes);
        match self.errors.len() >= LARGEST {
            true => self.send_errors(),
            false => Ok(()),
        }
    }

    fn read_stdout(&mut self) -> io::Result<()> {
        self.waiting = 0;
        let mut pieces = Vec::new();
        let mut size = 0;
        while let Some(stdout) = &mut self.stdout {
            let count = stdout.read(&mut self.buffer).unwrap_or(0);
            if count == 0 {
                self.stdout = None;
            }
            size += count;
            pieces.extend(
                self.scanner
                    .feed(self.buffer.get(..count).unwrap_or_default()),
            );
            // With an error at hand, it matters whether it is announced as one that was returned.
            let announced = pieces.iter().any(is_return);
            let stdout = self.stdout.as_ref().map(AsFd::as_fd);
            if self.errors.is_empty()
                || announced
                || size > LARGEST
                || system::readable([stdout], Some(ANNOUNCED))? == [false]
            {
                break;
            }
        }
        self.pieces(pieces)
    }

    fn pieces(&mut self, pieces: Vec<Piece>) -> io::Result<()> {
        let mut announced = pieces.iter().any(is_return);
        for piece in pieces {
            if !announced {
                self.send_errors()?;
            }
            announced &= !is_return(&piece);
            match piece {
                Piece::Text(bytes) => self.events.stream(Event::Stdout, &bytes)?,
                Piece::Begin(mime) => self.events.send(&Event::Begin(mime))?,
                Piece::Content(bytes) => self.events.stream(Event::Content, &bytes)?,
                Piece::End => self.events.send(&Event::End)?,
                Piece::Line(line, text) => self.line(line, &text)?,
            }
        }
        Ok(())
    }

    fn line(&mut self, line: Line, text: &[u8]) -> io::Result<()> {
        match line {
            Line::Complete if !self.running => {
                // A second one: the code has forked, and what it forked has come here, too.
                let program = std::env::current_exe()?;
                for stray in system::children_that_run(self.child.id(), &program) {
                    system::signal(stray, Signal::Kill);
                }
                return Ok(());
            }
            Line::Complete => {
                self.running = false;
                self.settle()?;
                // Before evcxr knows: from then on, it is the compiler that an interrupt is for.
                self.events.send(&Event::Rests)?;
            }
            Line::Panicked => {
                // Said before the line was printed.
                while let [true] = system::readable([self.footing.as_ref().map(AsFd::as_fd)], NOW)?
                {
                    self.read_footing();
                }
                self.fault(&self.panic.clone().unwrap_or(Fault::PanicUnseen))?;
            }
            Line::Returned => {
                while let [true] = system::readable([self.stderr.as_ref().map(AsFd::as_fd)], NOW)? {
                    self.read_stderr()?;
                }
                let mut message = std::mem::take(&mut self.errors);
                if message.is_empty() {
                    // A busy machine; better twice than not at all.
                    message = std::mem::take(&mut self.last_errors);
                }
                let message = String::from_utf8_lossy(&message).trim_end().to_owned();
                self.fault(&Fault::Returned(message))?;
            }
            Line::Asks => self.asked = true,
            Line::Changed => {}
        }
        self.tell_evcxr(text)
    }

    /// Takes what the cell has written up to its end.
    fn settle(&mut self) -> io::Result<()> {
        self.ask_to_flush();
        let begun = Instant::now();
        while self.flushes > 0 && self.footing.is_some() && begun.elapsed() < FLUSH {
            self.read(Some(FLUSH))?;
        }
        self.drain()
    }

    /// Takes what is there. Threads that go on writing are not waited for.
    fn drain(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < FLUSH && self.read(NOW)? {}
        self.send_errors()
    }

    fn end(&mut self, status: ExitStatus) -> io::Result<ExitStatus> {
        self.drain()?;
        let pieces = self.scanner.finish();
        self.pieces(pieces)?;
        let mut said = self.last_errors.windows(OUT_OF_MEMORY.len());
        self.fault(&Fault::Ended {
            code: status.code(),
            signal: status.signal(),
            out_of_memory: said.any(|said| said == OUT_OF_MEMORY),
        })?;
        Ok(status)
    }

    fn ask_to_flush(&mut self) {
        if let Some(footing) = &mut self.footing
            && footing.write_all(footing::FLUSH).is_ok()
        {
            self.flushes += 1;
        }
    }

    fn send_errors(&mut self) -> io::Result<()> {
        if self.errors.is_empty() {
            return Ok(());
        }
        self.last_errors = std::mem::take(&mut self.errors);
        self.events.stream(Event::Stderr, &self.last_errors)
    }

    fn fault(&self, fault: &Fault) -> io::Result<()> {
        self.events.send(&Event::Fault(serde_json::to_vec(fault)?))
    }

    fn tell_evcxr(&self, line: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(line)?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

fn is_return(piece: &Piece) -> bool {
    matches!(piece, Piece::Line(Line::Returned, _))
}
