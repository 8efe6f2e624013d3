"""A kernel held as a front end holds it: started by jupyter_client, one cell after the other."""

import os
import time
from dataclasses import dataclass, field

import psutil
from jupyter_client.manager import KernelManager

from .secrets import SECRETS


@dataclass
class Answer:
    """What one cell answered: the reply, and the messages on IOPub in their order."""

    reply: dict
    messages: list[tuple[str, dict]] = field(default_factory=list)

    @property
    def outputs(self):
        """What a notebook would keep: displays in their latest form, no status, no echo."""
        kept = []
        for kind, content in self.messages:
            if kind == "update_display_data":
                for _, shown in kept:
                    if shown.get("transient") == content["transient"]:
                        shown["data"] = content["data"]
            elif kind not in BOOKKEEPING:
                kept.append((kind, dict(content)))
        return kept

    @property
    def texts(self):
        """The text of each result shown."""
        return [content["data"]["text/plain"] for kind, content in self.outputs if kind in RESULTS]

    @property
    def stdout(self):
        return self.stream("stdout")

    @property
    def stderr(self):
        return self.stream("stderr")

    def stream(self, name):
        chunks = (content for kind, content in self.outputs if kind == "stream")
        return "".join(content["text"] for content in chunks if content["name"] == name)

    @property
    def error(self):
        """The one error of the cell, checked to be the reply's too; None where all went well."""
        errors = [content for kind, content in self.outputs if kind == "error"]
        if self.reply["status"] != "error":
            assert not errors, errors
            return None
        assert len(errors) == 1, errors
        for part in ("ename", "evalue", "traceback"):
            assert errors[0][part] == self.reply[part]
        return errors[0]


BOOKKEEPING = ("status", "execute_input")
RESULTS = ("execute_result", "display_data")


class Kernel:
    """A running kernel and its client."""

    def __init__(self, env=None, name="rowcell"):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(env={**os.environ, **(env or {})})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=30)

    def run(self, code, timeout=60, **options):
        """Runs a cell to its end. `inputs` answer what it asks for."""
        return self.answer(self.send(code, **options), timeout)

    def check(self, code, **options):
        """Runs a cell that has to go well."""
        answer = self.run(code, **options)
        assert answer.reply["status"] == "ok", answer.reply
        return answer

    def value(self, code):
        """The one value that a query answers."""
        return self.check(code).texts[-1].splitlines()[2].strip()

    def send(self, code, inputs=(), **options):
        self.inputs = list(inputs)
        self.asked = []
        return self.client.execute(code, allow_stdin=bool(inputs), **options)

    def answer(self, request, timeout=60):
        """Waits for what the request answers, up to its idle and its reply."""
        messages = []
        deadline = time.monotonic() + timeout
        while ("status", {"execution_state": "idle"}) not in messages:
            assert time.monotonic() < deadline, f"no idle after {timeout} s, but {messages}"
            self.answer_inputs()
            if self.client.iopub_channel.is_alive() and self.client.iopub_channel.msg_ready():
                message = self.client.get_iopub_msg(timeout=1)
                if message["parent_header"].get("msg_id") == request:
                    messages.append((message["msg_type"], message["content"]))
            else:
                time.sleep(0.005)
        return Answer(self.shell_reply(request, max(1, deadline - time.monotonic())), messages)

    def shell_reply(self, request, timeout=10):
        """Waits for the reply to a request, and gives its content."""
        while True:
            reply = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]

    def answer_inputs(self):
        if self.client.stdin_channel.msg_ready():
            self.asked.append(self.client.get_stdin_msg(timeout=1)["content"])
            self.client.input(self.inputs.pop(0))

    def until(self, request, kind, timeout=30):
        """Waits for the first message of a kind, and gives its content."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") == request and message["msg_type"] == kind:
                return message["content"]
        raise AssertionError(f"no {kind} after {timeout} s")

    def interrupt(self):
        """Interrupts, and waits for the kernel's word that it has heard."""
        self.client.control_channel.send(self.client.session.msg("interrupt_request"))
        assert self.client.get_control_msg(timeout=5)["content"] == {"status": "ok"}

    @property
    def process(self):
        return psutil.Process(self.manager.provisioner.process.pid)

    def close(self):
        if self.manager.has_kernel:
            SECRETS.search_process(self.manager.provisioner.process.pid)
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()


def family(process):
    """A process and all below it, while they live."""
    return [process, *process.children(recursive=True)]


def wait_gone(processes, timeout=10):
    """Asserts that all of them end in time."""
    _, alive = psutil.wait_procs(processes, timeout=timeout)
    alive = [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    assert not alive, [(process.pid, process.cmdline()) for process in alive]
