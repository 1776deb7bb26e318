# SPDX-License-Identifier: MIT
"""asterisk.eagi: frames of audio, beside commands."""

from __future__ import annotations

import array
import io
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_agi import Asterisk

from asterisk.agi import AGIError
from asterisk.eagi import EAGI, FORMATS, Audio

ENVIRONMENT = b"agi_enhanced: 1.0\n\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, io.FileIO]]:
    """A descriptor to read from, and a file to write to."""
    reading, writing = os.pipe()
    with io.FileIO(writing, "w") as file:
        yield reading, file
    os.close(reading)


def tone(rate: int, frequency: float, seconds: float) -> bytes:
    samples = (
        round(10000 * math.sin(2 * math.pi * frequency * n / rate))
        for n in range(round(rate * seconds))
    )
    return array.array("h", samples).tobytes()


def frequency_of(samples: memoryview, rate: int) -> float:
    """From how often the wave rises through zero."""
    rises = [n for n in range(1, len(samples)) if samples[n - 1] < 0 <= samples[n]]
    return rate * (len(rises) - 1) / (rises[-1] - rises[0])


def test_frames_of_a_duration(pipe: tuple[int, io.FileIO]) -> None:
    reading, file = pipe
    data = bytes(range(256)) * 10
    audio = Audio(reading)
    frames = audio.frames(0.030)
    file.write(data[:100])

    def write_the_rest() -> None:
        file.write(data[100:])
        file.close()

    threading.Timer(0.05, write_the_rest).start()
    taken = [(len(frame), bytes(frame), audio.position) for frame in frames]
    assert [size for size, _, _ in taken] == [480] * 5 + [160]
    assert b"".join(part for _, part, _ in taken) == data
    assert [position for _, _, position in taken] == [240, 480, 720, 960, 1200, 1280]


def test_frames_are_in_one_buffer(pipe: tuple[int, io.FileIO]) -> None:
    reading, file = pipe
    file.write(b"a" * 320 + b"b" * 320)
    frames = Audio(reading).frames()
    first = next(frames)
    assert bytes(first) == b"a" * 320 and len(first.cast("h")) == 160
    assert next(frames) is first and bytes(first) == b"b" * 320


def test_half_a_sample_at_the_end_is_left_out(pipe: tuple[int, io.FileIO]) -> None:
    reading, file = pipe
    file.write(b"abc")
    file.close()
    assert [bytes(frame) for frame in Audio(reading).frames()] == [b"ab"]


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_formats(format: str) -> None:
    audio = Audio(0, format)
    assert (audio.rate, audio.sample_size) == FORMATS[format]
    for wrong in (0.0, 61.0, -1.0):
        with pytest.raises(ValueError):
            audio.frames(wrong)


def test_unknown_format() -> None:
    with pytest.raises(ValueError):
        Audio(0, "g729")


def test_waiting_ends_when_nothing_will_come(pipe: tuple[int, io.FileIO]) -> None:
    reading, file = pipe
    file.write(b"ab")
    over = threading.Event()
    threading.Timer(0.05, over.set).start()
    assert [bytes(frame) for frame in Audio(reading, is_over=over.is_set).frames()] == [b"ab"]


@pytest.mark.parametrize(("answer", "rate"), [(b"200 result=1 (slin16)\n", 16000), (None, 8000)])
def test_asterisk_tells_the_format(answer: bytes, rate: int) -> None:
    asterisk = Asterisk({"GET": answer or b"200 result=0\n"}, ENVIRONMENT)
    with EAGI(stream=asterisk.program) as agi:
        assert agi.audio.rate == rate
        assert agi.audio is agi.audio and agi.audio.fileno() == 3
    assert asterisk.sent() == ['GET VARIABLE "CHANNEL(audioreadformat)"']


def test_without_eagi() -> None:
    with EAGI(stream=Asterisk().program) as agi, pytest.raises(AGIError, match="EAGI"):
        agi.audio
    asterisk = Asterisk({"GET": b"200 result=1 (g729)\n"}, ENVIRONMENT)
    with EAGI(stream=asterisk.program) as agi, pytest.raises(AGIError, match="g729"):
        agi.audio


PROGRAM = """
import select, sys, threading
from asterisk.eagi import EAGI

with EAGI(debug=False) as agi:
    audio = agi.audio
    heard = bytearray()
    def listen():
        for frame in audio.frames(0.020):
            heard.extend(frame)
            if len(heard) == 16000:
                break
    thread = threading.Thread(target=listen)
    thread.start()
    agi.stream_file("welcome")
    thread.join()
    sys.stderr.buffer.write(heard)
    sys.stderr.flush()

    # And in one thread.
    buffer = bytearray(160)
    agi.send_command("STREAM FILE", "goodbye", '""')
    n = 0
    while 0 not in select.select([0, audio], [], [])[0]:
        n += audio.readinto(buffer)
    assert agi.get_result()["result"] == ("0", "")
    agi.verbose(n)
    for frame in audio.frames():
        pass
    assert agi.hung_up
"""


def test_audio_beside_commands(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.dup2(reading, 3),
        pass_fds=(3,),
    )
    os.close(reading)
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None and stdout is not None and stderr is not None

    def answer(line: bytes) -> None:
        assert stdin is not None
        stdin.write(line)
        stdin.flush()

    try:
        answer(ENVIRONMENT)
        assert stdout.readline() == b'GET VARIABLE "CHANNEL(audioreadformat)"\n'
        answer(b"200 result=1 (slin)\n")
        assert stdout.readline() == b'STREAM FILE welcome "" 0\n'
        os.write(writing, tone(8000, 440.0, 1.0))
        answer(b"200 result=0 endpos=8000\n")
        heard = stderr.read(16000)
        assert abs(frequency_of(memoryview(heard).cast("h"), 8000) - 440.0) < 1.0

        assert stdout.readline() == b'STREAM FILE goodbye ""\n'
        os.write(writing, b"x" * 320)
        answer(b"200 result=0 endpos=8000\n")
        assert stdout.readline() in (b'VERBOSE "0" 1\n', b'VERBOSE "160" 1\n', b'VERBOSE "320" 1\n')
        answer(b"200 result=1\n")
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
        os.close(writing)
