"""Questions of hosts on the operator's terminal, for `check`: one at a time, No by default."""

from __future__ import annotations

import asyncio
import os
import termios

from console.model.questions import Question, QuestionKind


class TerminalPrompter:
    """A `Prompter` on a terminal. Reads on the loop, so that a cancelled question leaves nothing behind:
    no thread, and a terminal that shows again what is typed.
    """

    def __init__(self, device: str) -> None:
        """`device`: path of the terminal, for example of standard input. Raises OSError when it is none."""
        self._device = device
        self._turn = asyncio.Lock()

    async def ask(self, question: Question) -> tuple[str, ...] | None:
        """Put one question; an empty answer to a prompt, or anything but yes to a host key, is no."""
        async with self._turn:
            descriptor = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            try:
                return await _ask(descriptor, question)
            finally:
                os.close(descriptor)


async def _ask(descriptor: int, question: Question) -> tuple[str, ...] | None:
    text = f"\n{question.title}\n{question.text}\n" if question.text else f"\n{question.title}\n"
    os.write(descriptor, text.encode())
    if question.kind is QuestionKind.HOST_KEY:
        answer = await _line(descriptor, "Accept and remember this key? [y/N] ", echo=True)
        return ("yes",) if (answer or "").strip().lower() in ("y", "yes") else None
    answers = []
    for prompt in question.prompts:
        label = prompt.text if prompt.text.endswith((" ", ":")) else f"{prompt.text}:"
        answer = await _line(descriptor, f"{label.rstrip()} ", echo=prompt.echo)
        if answer is None:
            return None
        answers.append(answer)
    return tuple(answers)


async def _line(descriptor: int, prompt: str, *, echo: bool) -> str | None:
    """One line without its newline; None at the end of input."""
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(descriptor)
    if not echo:
        silent = termios.tcgetattr(descriptor)
        silent[3] &= ~termios.ECHO
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    typed: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        try:
            # The terminal hands over whole lines.
            data = os.read(descriptor, 4096)
        except OSError:
            data = b""
        if not typed.done():
            typed.set_result(data)

    try:
        os.write(descriptor, prompt.encode())
        loop.add_reader(descriptor, read)
        data = await typed
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        if not echo:
            os.write(descriptor, b"\n")
    return data.decode("utf-8", "replace").removesuffix("\n") if data else None
