"""Times of Rust cells: ours, through the kernel and with `db`, beside evcxr by itself; and a million
rows read in one, beside tokio-postgres by itself."""

import statistics
import subprocess
import time

from files import TABLE, forget_peak, peak, process_of
from support.kernel import Kernel, family

ROUNDS = 3
WARM = [f"{n} + {n}" for n in range(2, 14)]
# The first variable has rust-analyzer look into Rust's own library, which takes its time once.
CELLS = ["1 + 1", "let first = vec![1];", *WARM]
ASKING = [f'db.query_one("select {n} as n", &[])?.get::<i32>("n")?' for n in range(2, 14)]
ROWS = "select id, name, score, flag from million"
READ = f"""let began = std::time::Instant::now();
let mut sum = 0.0;
for row in db.stream("{ROWS}", &[])? {{
    let row = row?;
    let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
    let (score, flag): (f64, bool) = (row.get(2)?, row.get(3)?);
    sum += id as f64 + name.len() as f64 + score + f64::from(u8::from(flag));
}}
println!("{{:.1}} {{sum:.3}}", began.elapsed().as_secs_f64() * 1000.0);"""


def measures(program, server):
    """Milliseconds of the first cell, from the start of Rust, of a warm one, (ours, evcxr's) each; how
    much more a warm cell with a query takes; of a million rows, ours and tokio-postgres'; the most
    megabytes that the kernel and the process of the cells have had meanwhile."""
    server.ask(TABLE)
    with_kernel(server, ["1 + 1"])  # what is compiled once for all notebooks
    pairs = [
        (with_kernel(server, CELLS), alone(program.parent / "examples/evcxr-alone", *CELLS))
        for _ in range(ROUNDS)
    ]
    sides = list(zip(*pairs, strict=True))
    first = [statistics.median(times[0] for times in side) for side in sides]
    warm = [statistics.median(sum((times[-len(WARM) :] for times in side), [])) for side in sides]
    kernel = connected(server)
    try:
        time_of(kernel, CELLS[0]), time_of(kernel, ASKING[0])
        turns = [(time_of(kernel, asks), time_of(kernel, adds)) for asks, adds in zip(ASKING, WARM)]
        more = statistics.median(asks - adds for asks, adds in turns)
        rows, megabytes = million(kernel, program.parent / "examples/tokio-postgres-alone", server)
    finally:
        kernel.close()
    return first, warm, more, rows, megabytes


def with_kernel(server, cells):
    kernel = connected(server)
    try:
        return [time_of(kernel, cell) for cell in cells]
    finally:
        kernel.close()


def connected(server):
    kernel = Kernel()
    kernel.check(f"%connect {server.url()}\nselect 1")
    return kernel


def time_of(kernel, cell):
    began = time.perf_counter()
    kernel.check(f"%%rust\n{cell}", timeout=300)
    return (time.perf_counter() - began) * 1000


def alone(program, *arguments):
    """The numbers that an example prints."""
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    return [float(word) for word in ended.stdout.split()]


def million(kernel, peer, server):
    """Reads the rows in turns: (milliseconds of ours, of the peer), most megabytes of ours."""
    # Of the processes of a kernel, that of the cells alone was started without arguments.
    of_kernel, *others = family(process_of(kernel))
    [of_cells] = [process for process in others if len(process.cmdline()) == 1]
    watched = of_kernel, of_cells
    for process in watched:
        forget_peak(process)
    times = []
    for _ in range(ROUNDS):
        milliseconds, total = map(float, kernel.check(f"%%rust\n{READ}", timeout=300).stdout.split())
        theirs, same = alone(peer, server.url(), ROWS)
        assert total == same, (total, same)
        times.append((milliseconds, theirs))
    megabytes = max(peak(process) for process in watched)
    return [statistics.median(side) for side in zip(*times, strict=True)], megabytes
