# SPDX-License-Identifier: MIT
"""When to try again after a connection was lost."""

from __future__ import annotations

__all__ = ["Reconnect"]


class Reconnect:
    """Exponential backoff with a cap and jitter.

    Parameters
    ----------
    min_delay : float, optional
        Seconds before the first attempt; each further one waits twice as long.
    max_delay : float, optional
        Seconds that no wait exceeds, but for the jitter.
    jitter : float, optional
        Each wait is made longer or shorter at random by at most this part of it, so that many
        clients of a server that was restarted do not come all at once. 0 to 1.

    Raises
    ------
    ValueError
        A parameter is out of its range.
    """

    def __init__(
        self, min_delay: float = 1.0, max_delay: float = 60.0, jitter: float = 0.2
    ) -> None:
        if not 0 < min_delay <= max_delay or not 0 <= jitter <= 1:
            raise ValueError("0 < min_delay <= max_delay and 0 <= jitter <= 1")
        self.min_delay = min_delay
        self.max_delay = max_delay
        self.jitter = jitter

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait before an attempt.

        Parameters
        ----------
        attempt : int
            0 for the first after a loss.

        Returns
        -------
        float
        """
        import random

        delay: float = min(self.max_delay, self.min_delay * 2.0 ** min(attempt, 64))
        return delay * (1 + self.jitter * random.uniform(-1, 1))
