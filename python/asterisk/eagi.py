# SPDX-License-Identifier: MIT
"""EAGI: the caller's voice, for programs that the dialplan starts by EAGI().

::

    from asterisk.eagi import EAGI

    with EAGI() as agi:
        for frame in agi.audio.frames(0.020):
            look_at(frame.cast("h"))

While commands go on, audio is read in a thread of its own; or in the same thread, between
``send_command`` and ``get_result``::

    agi.send_command("STREAM FILE", "welcome", '""')
    while not select.select([0, agi.audio], [], [])[0][0] == 0:
        agi.audio.readinto(buffer)
    agi.get_result()

Asterisk writes what it hears to descriptor 3 and does not wait: what comes while the pipe is full
(64 KiB, 4 seconds of slin) is lost. Nothing comes while the caller sends nothing, while commands
take the voice themselves (RECORD FILE, CONTROL STREAM FILE, EXEC, GOSUB and others), and after a
hangup.
"""

from __future__ import annotations

import os

from asterisk.agi import AGI, AGIError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["EAGI", "Audio", "FORMATS"]

#: Samples a second and bytes of a sample, by Asterisk's names. Those of slin are signed, in the
#: processor's byte order.
FORMATS: dict[str, tuple[int, int]] = {
    "slin": (8000, 2),
    "slin12": (12000, 2),
    "slin16": (16000, 2),
    "slin24": (24000, 2),
    "slin32": (32000, 2),
    "slin44": (44100, 2),
    "slin48": (48000, 2),
    "slin96": (96000, 2),
    "slin192": (192000, 2),
    "ulaw": (8000, 1),
    "alaw": (8000, 1),
}

DESCRIPTOR = 3

#: Seconds between two looks for a hangup that another thread was told of.
SLICE = 0.5

FRAME_MAX = 60.0


class Audio:
    """A stream of audio on a descriptor.

    Parameters
    ----------
    descriptor : int, optional
    format : str, optional
        One of `FORMATS`.
    is_over : callable, optional
        Tells whether nothing will come any more, though the stream has not ended.

    Attributes
    ----------
    format : str
    rate : int
        Samples a second.
    sample_size : int
        Bytes of a sample.

    Raises
    ------
    ValueError
        The format is none of `FORMATS`.
    """

    def __init__(
        self,
        descriptor: int = DESCRIPTOR,
        format: str = "slin",
        is_over: Callable[[], bool] | None = None,
    ) -> None:
        if format not in FORMATS:
            raise ValueError(f"a format whose frames have no size that is known: {format}")
        self.format = format
        self.rate, self.sample_size = FORMATS[format]
        self._descriptor = descriptor
        self._is_over = is_over
        self._bytes = 0

    @property
    def position(self) -> int:
        """Samples that were read."""
        return self._bytes // self.sample_size

    def fileno(self) -> int:
        """Return the descriptor, to wait for it together with others."""
        return self._descriptor

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill a buffer, and wait for that.

        Returns
        -------
        int
            Bytes; fewer than there is room for at the end of the audio, and then 0.

        Raises
        ------
        OSError
        """
        with memoryview(buffer) as view, view.cast("B") as room:
            filled = 0
            while filled < len(room) and self._wait():
                with room[filled:] as rest:
                    n = os.readv(self._descriptor, [rest])
                if n == 0:
                    break
                filled += n
                self._bytes += n
        return filled

    def frames(self, duration: float = 0.020) -> Iterator[memoryview]:
        """Iterate over frames of that duration in seconds, until the audio ends or a hangup.

        Each is in the same buffer, and is valid until the next. ``frame.cast("h")`` has the samples
        of the slin formats. The last may be shorter.

        Raises
        ------
        ValueError
            A frame of less than a sample, or above 60 seconds.
        """
        samples = round(self.rate * duration)
        if samples < 1 or duration > FRAME_MAX:
            raise ValueError("a frame has a sample at least, and 60 seconds at most")
        return self._frames(memoryview(bytearray(samples * self.sample_size)))

    def _frames(self, buffer: memoryview) -> Iterator[memoryview]:
        while True:
            n = self.readinto(buffer)
            if n < len(buffer):
                n -= n % self.sample_size
                if n > 0:
                    yield buffer[:n]
                return
            yield buffer

    def _wait(self) -> bool:
        """Wait for audio; False when none will come."""
        import select

        while not select.select([self._descriptor], [], [], SLICE)[0]:
            if self._is_over is not None and self._is_over():
                return False
        return True


class EAGI(AGI):
    """An `asterisk.agi.AGI` with the caller's voice."""

    _audio: Audio | None = None

    @property
    def audio(self) -> Audio:
        """The audio. Asterisk is asked for its format, so not between a command and its reply.

        Raises
        ------
        AGIError
            The program was not started by EAGI(), or the format is none of `FORMATS`.
        """
        if self._audio is None:
            if self.env.get("agi_enhanced") != "1.0":
                raise AGIError("there is no audio: the dialplan started this by AGI(), not EAGI()")
            name = self.get_variable("CHANNEL(audioreadformat)") or "slin"
            try:
                self._audio = Audio(format=name, is_over=lambda: self.hung_up)
            except ValueError as error:
                raise AGIError(str(error)) from None
        return self._audio
