"""A thread that does one thing at a time for an event loop.

It is a daemon: a database that hangs must not keep a stopping process from ending, as the standard library's executors
would (they are joined at exit).
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable


class Hand:
    """One thread; `do` is called from one event loop."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], None], asyncio.Future[None]]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    async def do(self, call: Callable[[], None]) -> None:
        """Run `call` in the thread and wait for its end; what it raises is raised here."""
        if not self._thread.is_alive():
            self._thread.start()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._calls.put((call, done))
        await done

    def _work(self) -> None:
        while True:
            call, done = self._calls.get()
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - not handled here: carried over to who waits for it
                self._tell(done, error)
            else:
                self._tell(done, None)

    @staticmethod
    def _tell(done: asyncio.Future[None], error: BaseException | None) -> None:
        def finish() -> None:
            if done.cancelled():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        loop = done.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish)
