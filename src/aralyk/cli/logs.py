"""Logs of a process: one event per line as JSON, into `<home>/log/<process>.log`, rotated by size.

The process itself rotates: a pipe to the supervisor would block a gateway whenever the supervisor is
slow. Standard output and error are the file, also for C code and the interpreter's own last words.
What libraries log is formatted like our own events. A trace names files, lines and the error's kind;
of a database error it keeps the first line only, since the following ones quote rows.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import psycopg
import structlog

from aralyk import clock

LOG_BYTES_MAX = 20_000_000
LOGS_KEPT = 5  # about a week of a busy gateway's warnings


class RotatingOutput:
    """Makes standard output and error a file that is renamed and begun anew past `LOG_BYTES_MAX`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._size = self._open()

    def write_line(self, line: str) -> None:
        """Write one line, whole, whichever thread it comes from."""
        data = line.encode("utf-8", errors="replace") + b"\n"
        with self._lock:
            if self._size + len(data) > LOG_BYTES_MAX:
                self._rotate()
            os.write(1, data)
            self._size += len(data)

    def _open(self) -> int:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.close(handle)
        return os.fstat(1).st_size

    def _rotate(self) -> None:
        for number in range(LOGS_KEPT - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            if older.exists():
                older.rename(self._path.with_name(f"{self._path.name}.{number + 1}"))
        self._path.rename(self._path.with_name(f"{self._path.name}.1"))
        self._size = self._open()


def log_to_file(path: Path, process: str) -> None:
    """Send everything that this process logs or prints to `path`."""
    _configure(RotatingOutput(path).write_line, process)


def log_into(path: Path, process: str) -> None:
    """Log events to `path` and leave the terminal to people (the supervisor's few events need no rotation).

    An error that ends the process is told to both: whoever sits there must not look at silence, and the log of a bench
    is removed with its home.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = path.open("a", encoding="utf-8", buffering=1)
    _configure(lambda line: print(line, file=file), process)
    sys.excepthook = _last_words_to_people


def log_to_terminal(process: str) -> None:
    """Log to standard error, for a process started by hand."""
    _configure(lambda line: print(line, file=sys.stderr, flush=True), process)


def calm_trace(error: BaseException) -> str:
    """An error's trace without values: where it happened, its kind, and what may be said of it."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [calm_trace(cause), "then"] if cause is not None else []
    return "\n".join([*before, *frames, f"{type(error).__name__}: {_first_words(error)}"])


def _first_words(error: BaseException) -> str:
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    return str(error).strip().split("\n", 1)[0]


def _configure(write: Any, process: str) -> None:
    def emit(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        return json.dumps(event, ensure_ascii=False, default=str)

    def add_origin(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {"at": clock.iso(clock.now()), "process": process, **event}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            add_origin,
            _tell_error_calmly,
            emit,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _LineLogger(write),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Foreign()], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _last_words


class _LineLogger:
    def __init__(self, write: Any) -> None:
        self._write = write

    def msg(self, line: str) -> None:
        # A full disk costs this line and never the process: what it does for people goes on, and the watchdog tells.
        with suppress(OSError):
            self._write(line)

    debug = info = warning = error = critical = exception = fatal = log = msg


class _Foreign(logging.Handler):
    """What libraries log, as our events."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        event = structlog.get_logger()
        event.log(record.levelno, record.getMessage(), logger=record.name, **({"exc_info": error} if error else {}))


def _tell_error_calmly(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["trace"] = calm_trace(error)
    return event


def _last_words(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    structlog.get_logger().critical("process_failed", exc_info=error)


def _last_words_to_people(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _last_words(kind, error, trace)
    print(calm_trace(error), file=sys.stderr)


def tail(path: Path, lines: int) -> list[str]:
    """The last `lines` of a log; empty when there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _last(file, lines)
    except FileNotFoundError:
        return []


def _last(file: TextIO, lines: int) -> list[str]:
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 500 * lines))
    return file.read().splitlines()[-lines:]
