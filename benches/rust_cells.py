"""Times of Rust cells: ours, through the kernel and with `db`; and those of evcxr by itself."""

import os
import statistics
import subprocess
import tempfile
import time

from support.kernel import Kernel

WARM = [f"{n} + {n}" for n in range(2, 14)]
# The first variable has rust-analyzer look into Rust's own library, which takes its time once.
CELLS = ["1 + 1", "let first = vec![1];", *WARM]


def times(program):
    """Milliseconds of the first cell, from the start of Rust, and of a warm one: (ours, evcxr's) each."""
    ours = through_the_kernel(program)
    peer = alone(program.parent / "examples/evcxr-alone")
    first = ours[0], peer[0]
    warm = tuple(statistics.median(side[-len(WARM) :]) for side in (ours, peer))
    return first, warm


def through_the_kernel(program):
    with tempfile.TemporaryDirectory() as prefix:
        install = [program, "install", "--prefix", prefix]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        os.environ["JUPYTER_PATH"] = f"{prefix}/share/jupyter"
        kernel = Kernel()
        try:
            return [time_of(kernel, cell) for cell in CELLS]
        finally:
            kernel.close()


def time_of(kernel, cell):
    began = time.perf_counter()
    kernel.check(f"%%rust\n{cell}", timeout=300)
    return (time.perf_counter() - began) * 1000


def alone(program):
    ended = subprocess.run([program, *CELLS], capture_output=True, text=True, check=True)
    return [float(line) for line in ended.stdout.split()]
