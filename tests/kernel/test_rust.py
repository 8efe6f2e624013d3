"""Rust cells: what they show, how they fail, what an interrupt leaves, and how they end."""

import re
import signal
import subprocess
import time
from contextlib import suppress

import nbformat
import psutil
import pytest
from support.kernel import Kernel, family, wait_gone

SLOW = 120  # seconds a Rust cell may take while the machine is busy


@pytest.fixture(scope="module")
def rust(kernelspec):
    """A kernel whose Rust has started; the tests of this file share it."""
    # Many a machine builds with this set; cells are not to be hurt by it.
    kernel = Kernel(env={"CARGO_INCREMENTAL": "0"})
    yield kernel
    kernel.close()


def run(kernel, code, **options):
    return kernel.run("%%rust\n" + code, timeout=SLOW, **options)


def check(kernel, code, **options):
    answer = run(kernel, code, **options)
    assert answer.reply["status"] == "ok", answer.reply
    return answer


def story(answer):
    """The outputs in their order: streams by their text, bundles by their MIME types."""
    return [
        (kind, content["text"] if kind == "stream" else sorted(content["data"]))
        for kind, content in answer.outputs
    ]


def rust_processes(kernel):
    """The helper of a kernel and everything below it."""
    helpers = [p for p in kernel.process.children() if "rust-cells" in p.cmdline()]
    return [process for helper in helpers for process in family(helper)]


def named(processes, *names):
    """Those whose names begin with one of these."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.name().startswith(names):
                found.append(process)
    return found


def test_a_value_is_shown_and_what_is_defined_stays(rust):
    assert check(rust, "let x = 41;\nfn next(n: i32) -> i32 { n + 1 }").outputs == []
    answer = check(rust, "next(x)")
    assert answer.texts == ["42"]
    assert [kind for kind, _ in answer.outputs] == ["execute_result"]
    assert rust.value("select 1") == "1"
    [variables] = check(rust, ":vars").texts
    assert variables.splitlines() == ["x: i32"]


def test_output_comes_as_it_is_written_and_in_its_order(rust):
    html = r'println!("EVCXR_BEGIN_CONTENT text/html\n<i>{}</i>\nEVCXR_END_CONTENT", '
    answer = check(
        rust,
        f"""print!("half a ");
        std::io::Write::write_all(&mut std::io::stdout(), b"line \\xff\\n").unwrap();
        {html}1);
        {html}2);
        println!("between");
        {html}3);
        print!("end");""",
    )
    assert story(answer) == [
        ("stream", "half a line \ufffd\n"),
        ("display_data", ["text/html", "text/plain"]),
        ("display_data", ["text/html", "text/plain"]),
        ("stream", "between\n"),
        ("display_data", ["text/html", "text/plain"]),
        ("stream", "end"),
    ]


def test_half_a_line_is_seen_while_the_cell_runs(rust):
    running = rust.send('%%rust\nprint!("begun");\nloop {}')
    assert rust.until(running, "stream", timeout=SLOW)["text"] == "begun"
    began = time.monotonic()
    rust.interrupt()
    answer = rust.answer(running, timeout=SLOW)
    assert answer.error["ename"] == "interrupted"
    assert time.monotonic() - began < 3
    assert "the variable x is gone" in answer.error["traceback"][-1]
    # The functions are still there.
    assert check(rust, "next(1)").texts == ["2"]


def test_an_error_of_the_compiler_shows_the_cell(rust):
    answer = run(rust, 'let a = 1;\nlet b: i32 = "text";')
    assert answer.error["ename"] == "E0308"
    assert answer.error["evalue"] == "mismatched types"
    shown = plain(answer.error["traceback"])
    assert shown[:3] == [
        "error[E0308]: mismatched types",
        '3 | let b: i32 = "text";',
        "  |              ^^^^^^ expected `i32`, found `&str`",
    ]


def test_a_warning_is_folded_behind_what_the_cell_shows(rust):
    answer = check(rust, 'fn risky() -> Result<(), ()> { Ok(()) }\nprintln!("on");\nrisky();\n7')
    assert answer.stdout == "on\n" and answer.stderr == ""
    value, warning = answer.texts
    assert value == "7"
    assert warning.splitlines()[:5] == [
        "1 warning",
        "",
        "unused `Result` that must be used · line 4",
        "4 | risky();",
        "  | ^^^^^^^",
    ]
    html = answer.outputs[-1][1]["data"]["text/html"]
    assert "<details><summary" in html and "open" not in html
    # It is said once: neither of a cell without one, nor beside an error.
    assert len(check(rust, "8").outputs) == 1
    check(rust, "#[allow(dead_code)]\nstruct lower_case;")
    answer = run(rust, 'let b: i32 = "text";')
    assert answer.error["ename"] == "E0308"
    assert not any("warning" in line for line in plain(answer.error["traceback"]))


def test_a_panic_is_an_error_with_its_place(rust):
    answer = run(rust, "let v = vec![1, 2, 3];\nlet i = v.len() + 7;\nlet n = v[i];")
    assert answer.error["ename"] == "panic"
    assert answer.error["evalue"] == "index out of bounds: the len is 3 but the index is 10"
    assert "LINE 4: let n = v[i];" in plain(answer.error["traceback"])
    assert answer.outputs[:-1] == []


def test_an_error_that_is_returned_is_the_cell_s_error(rust):
    answer = run(rust, 'println!("before");\nlet n: i32 = "x".parse::<i32>()?;')
    assert answer.error["ename"] == "error"
    assert answer.error["evalue"] == "invalid digit found in string"
    assert answer.stdout == "before\n" and answer.stderr == ""


@pytest.mark.parametrize(
    ["code", "why"],
    [
        ("std::process::exit(3);", "exit status 3"),
        ("std::process::abort();", "SIGABRT"),
        ("fn deep(n: u64) -> u64 { deep(n + 1) + deep(n + 2) }\ndeep(1)", "SIGSEGV"),
        ("let v: Vec<u8> = vec![1; 1 << 46];", "memory"),
    ],
)
def test_a_process_that_ends_is_named_and_the_next_cell_works(rust, code, why):
    check(rust, "let kept = 5;")
    answer = run(rust, code)
    assert answer.error["ename"] == "process_ended"
    assert why in answer.error["evalue"], answer.error
    assert "kept" in answer.error["traceback"][-1]
    assert check(rust, "1 + 1").texts == ["2"]


def test_a_flood_of_output_is_bounded(rust):
    answer = check(
        rust,
        """use std::io::Write;
        let line = [b'x'; 1 << 16];
        for _ in 0..(1 << 14) { std::io::stdout().write_all(&line).unwrap(); }""",
    )
    assert 10 << 20 <= len(answer.stdout) < 11 << 20
    assert "MB more" in answer.stderr
    assert rust.process.memory_info().rss < 200 << 20


def test_input_is_asked_for(rust):
    answer = check(
        rust,
        """print!("Name: ");
        let mut name = String::new();
        std::io::stdin().read_line(&mut name).unwrap();
        format!("Hello, {}!", name.trim())""",
        inputs=["Ada"],
    )
    assert answer.texts == ['"Hello, Ada!"']
    assert len(rust.asked) == 1


def test_a_fork_does_no_harm(rust):
    code = 'unsafe extern "C" { fn fork() -> i32; }\nlet child = unsafe { fork() };'
    check(rust, code)
    for n in range(3):
        assert check(rust, f"{n}").texts == [str(n)]


def test_completion_and_help(rust):
    check(rust, "let sentence = String::new();")
    code = "%%rust\nlet n = sente"
    reply = rust.shell_reply(rust.client.complete(code), timeout=SLOW)
    assert "sentence" in reply["matches"], reply
    assert code[reply["cursor_start"] : reply["cursor_end"]] == "sente"
    signature = "fn again(what: &str) -> String"
    check(rust, signature + " { what.into() }")
    asked = "%%rust\nlet n = again(&sentence);"
    for word, known in [("again", signature), ("sentence", "sentence: String")]:
        request = rust.client.inspect(asked, asked.index(word) + 2)
        reply = rust.shell_reply(request, timeout=SLOW)
        assert reply["found"] and known in reply["data"]["text/plain"], (word, reply)
    running = rust.send("%%rust\nloop {}")
    rust.until(running, "execute_input")
    assert rust.shell_reply(rust.client.complete(code), timeout=2)["matches"] == []
    rust.interrupt()
    rust.answer(running, timeout=SLOW)


def test_a_crate_that_does_not_exist_is_an_error(rust):
    answer = run(rust, ':dep absent = { path = "/nowhere/at/all" }')
    assert answer.error["evalue"]
    assert "/nowhere/at/all" in "\n".join(answer.error["traceback"])


def test_a_cell_that_the_front_end_calls_rust_needs_no_first_line(rust):
    content = {"code": "1 + 2", "silent": False, "store_history": True, "allow_stdin": False}
    message = rust.client.session.msg(
        "execute_request", content, metadata={"vscode": {"languageId": "rust"}}
    )
    rust.client.shell_channel.send(message)
    answer = rust.answer(message["header"]["msg_id"], timeout=SLOW)
    assert answer.texts == ["3"], answer


def test_quit_ends_rust_and_not_the_kernel(rust):
    check(rust, "let before = 1;")
    processes = rust_processes(rust)
    answer = check(rust, ":quit")
    assert "before" in answer.stdout
    wait_gone(processes)
    assert rust.value("select 2") == "2"


def test_a_build_is_interrupted_with_all_it_has_started(rust, tmp_path):
    crate = tmp_path / "slow"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "slow"\nversion = "1.0.0"\n')
    (crate / "src/lib.rs").write_text("")
    (crate / "build.rs").write_text(
        "fn main() { std::thread::sleep(std::time::Duration::from_secs(600)) }"
    )
    check(rust, "let kept = 7;")
    running = rust.send(f'%%rust\n:dep slow = {{ path = "{crate}" }}\nkept')
    deadline = time.monotonic() + SLOW
    while not named(rust_processes(rust), "build-script"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    builders = named(rust_processes(rust), "build-script", "cargo", "rustc")
    began = time.monotonic()
    rust.interrupt()
    assert rust.answer(running, timeout=SLOW).error["ename"] == "interrupted"
    assert time.monotonic() - began < 3
    wait_gone(builders, timeout=1)
    # Only the compiler was stopped.
    assert check(rust, "kept").texts == ["7"]


@pytest.mark.timeout(600)
def test_an_interrupt_is_for_its_own_cell(rust):
    """Whatever it meets: the looking through of the code, the compiler, its end, or the code."""
    check(rust, "let first = vec![1];")  # of which rust-analyzer finds out the type for seconds
    sleeps = "let v = vec![1];\nstd::thread::sleep(std::time::Duration::from_secs(600));"
    for gap in (0.02, 0.2, 0.2, 0.3, 0.5):
        running = rust.send(f"%%rust\n{sleeps}")
        time.sleep(gap)
        began = time.monotonic()
        rust.interrupt()
        rust.interrupt()  # a double click is one
        answer = rust.answer(running, timeout=SLOW)
        assert time.monotonic() - began < 3
        assert answer.error["ename"] == "interrupted"
        answer = run(rust, 'panic!("boom")')
        assert (answer.error["ename"], answer.error["evalue"]) == ("panic", "boom"), gap
        assert "LINE 2" in "".join(plain(answer.error["traceback"])), gap


def test_the_last_value_may_be_a_number_of_no_certain_type(rust):
    assert check(rust, "let mut sum = 0;\nfor n in 0..4 { sum += n; }\nsum").texts == ["6"]
    assert check(rust, "let größe = 2.5; let n = 1;\n\n\ngröße").texts == ["2.5"]
    assert check(rust, "sum + n").texts == ["7"]


@pytest.mark.parametrize("rustup", [False, True])
def test_without_a_toolchain_one_sentence_says_what_to_install(rowcell, tmp_path, rustup):
    said = "no default is configured"
    for name in ("cargo", "rustc") if rustup else ():
        proxy = tmp_path / name
        proxy.write_text(f"#!/bin/sh\necho 'error: {said}' >&2\nexit 1\n")
        proxy.chmod(0o755)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in ("%%rust\n1", "select 2 as two")]
    )
    file = tmp_path / "absent.ipynb"
    file.write_text(nbformat.writes(notebook))
    ended = subprocess.run(
        [rowcell, "run", file, "--allow-errors", "--connect=local"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=SLOW,
    )
    assert "install it from https://rustup.rs" in ended.stderr
    assert (said if rustup else "rustc: No such file") in ended.stderr
    assert "two" in ended.stdout


def test_a_kernel_that_is_killed_leaves_nothing_behind(rust):  # the last one: it ends it
    running = rust.send('%%rust\nprint!("begun");\nloop {}')
    rust.until(running, "stream", timeout=SLOW)
    processes = rust_processes(rust)
    assert len(processes) == 3, processes
    rust.process.send_signal(signal.SIGKILL)
    wait_gone(processes)


def plain(traceback):
    """The lines of a traceback without their colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback)).splitlines()
