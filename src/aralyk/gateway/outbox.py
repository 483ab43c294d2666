"""Commands on their way to devices: a copy in memory of what waits, given out at a device's next contact.

A thread of its own reads the queue, listens for "commands" and reads again every 30 s in case a notification was lost;
it also writes down what the event loop reports (sent, answered, refused) and finishes what expired. Bytes go out before
their row says so: a crash between the two sends a command twice, which every command bears, and never loses one. A
command without an answer is sent again at a later contact, with growing pauses, until it is answered or expires.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import psycopg
import structlog

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.devices import command_queue
from aralyk.devices.command_queue import CHANNEL, Outcome, State, Step
from aralyk.protocols.codec import Codec, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken

POLL_S: Final = 30.0
BACK_OFF_S: Final = 1.0
STALE_S: Final = 2 * POLL_S  # no reading for longer: it fails, or hangs
LISTEN_S: Final = 0.25  # between looks at what the event loop reports: the longest that "sent" is not yet written
TAKEN_MAX: Final = 4  # commands of one contact; a device's receiving buffer is small, the rest follows the next frame
# Pause after the first, second … sending before the next; the last one repeats. Answers come within seconds over a
# living connection, so the first pause only has to outlast a slow network.
RESEND_S: Final = (30.0, 60.0, 120.0, 300.0, 600.0)
WAITING_MAX: Final = 200_000  # commands in memory: one for each device of a large country, about 100 MB
_BY: Final = "system:gateway"
_WAITING: Final = """
    SELECT id, device_id, serial, kind, interval_s, text, expires_at, attempts, last_sent_at FROM devices_command
    WHERE finished_at IS NULL AND (%(devices)s::text[] IS NULL OR device_id = ANY(%(devices)s))
    ORDER BY id LIMIT %(limit)s
"""

_log = structlog.get_logger("aralyk.gateway")
Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(slots=True, kw_only=True)
class Waiting:
    """One command under way.

    Attributes:
        id: Its row.
        command: What is asked.
        expires_us: When nobody wants it any more, domain time.
        attempts: How often it went out.
        next_us: Not before then; domain time.
    """

    id: int
    command: Command
    expires_us: int
    attempts: int
    next_us: int

    def sent(self, now_us: int) -> None:
        """It went out once more."""
        pause_s = RESEND_S[min(self.attempts, len(RESEND_S) - 1)]
        self.attempts += 1
        self.next_us = now_us + round(pause_s * 1e6)


class Outbox:
    """What waits for each device. `take` and `answered` are called by the event loop, the rest is the thread's."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Waiting]] = {}
        self._done: set[int] = set()  # finished here and not yet written: not to be read back as waiting
        self._lock = threading.Lock()
        self._reports: queue.SimpleQueue[Step] = queue.SimpleQueue()
        self._unwritten: list[Step] = []
        self._read_s = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to read and listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it has not written is sent once more after the next start."""
        self._ended.set()

    @property
    def alive(self) -> bool:
        """Whether the queue is still followed."""
        return self._thread.is_alive()

    def is_fresh(self, now_s: float) -> bool:
        """Whether the queue was read lately; monotonic seconds."""
        return now_s - self._read_s < STALE_S

    def __len__(self) -> int:
        """How many commands are known to wait for their devices."""
        with self._lock:
            return sum(len(waiting) for waiting in self._waiting.values())

    def take(self, codec: Codec, session: Session) -> list[bytes]:
        """The commands that a device gets now, each ready for the wire; they count as sent.

        Call it after the commit of a frame of this device, with a connection that lives or an answer that can carry
        them. For the many devices that nothing waits for this is one look into a dictionary.
        """
        if session.device_id is None or session.device_id not in self._waiting:
            return []
        now_us = clock.now_us()
        taken: list[bytes] = []
        with self._lock:
            for waiting in list(self._waiting.get(session.device_id, ())):
                if len(taken) == TAKEN_MAX:
                    break
                if waiting.next_us > now_us or waiting.expires_us <= now_us:
                    continue
                encoded = self._encoded(waiting, codec, session, now_us)
                if encoded is not None:
                    taken.append(encoded)
        return taken

    def body(self, codec: Codec, session: Session) -> bytes | None:
        """The same as the body that answers a request; None: nothing waits, or the protocol has no such answer."""
        if codec.answer_of_commands is None or session.device_id not in self._waiting:
            return None
        taken = self.take(codec, session)
        return codec.answer_of_commands(taken) if taken else None

    def answered(self, device_id: str, answer: CommandAnswer) -> None:
        """Hear what a device says about a command: the one with its serial, else the oldest that it can mean."""
        with self._lock:
            sent = [waiting for waiting in self._waiting.get(device_id, ()) if waiting.attempts]
            waiting = next((waiting for waiting in sent if _means(answer, waiting.command)), None)
            if waiting is None:
                _log.info("answer_to_no_command", device=device_id)
                return
            if answer.accepted is False:
                step = _step(waiting, State.REFUSED, Outcome.BY_DEVICE)
            else:
                words = Outcome.OWN_WORDS if answer.accepted is None else Outcome.ACCEPTED
                step = _step(waiting, State.ANSWERED, words)
            self._finish(device_id, waiting, step)

    def _encoded(self, waiting: Waiting, codec: Codec, session: Session, now_us: int) -> bytes | None:
        assert session.device_id is not None
        try:
            if codec.encode_command is None:
                raise CommandNotSpoken(codec.name)
            encoded = codec.encode_command(waiting.command, session)
        except CommandNotSpoken:
            self._finish(session.device_id, waiting, _step(waiting, State.REFUSED, Outcome.NOT_SPOKEN))
            return None
        waiting.sent(now_us)
        if codec.commands_answered:
            self._reports.put(_step(waiting, State.SENT, None))
        else:
            self._finish(session.device_id, waiting, _step(waiting, State.SENT, Outcome.NO_ANSWERS))
        return encoded

    def _finish(self, device_id: str, waiting: Waiting, step: Step) -> None:
        left = [other for other in self._waiting[device_id] if other is not waiting]
        if left:
            self._waiting[device_id] = left
        else:
            del self._waiting[device_id]
        self._done.add(waiting.id)
        self._reports.put(step)

    def _keep(self) -> None:
        while not self._ended.is_set():
            try:
                with connect(Role.GATEWAY, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._follow(connection)
            except psycopg.Error as error:
                _log.warning("commands_not_read", error=type(error).__name__, sqlstate=error.sqlstate)
                self._ended.wait(BACK_OFF_S)

    def _follow(self, connection: Connection) -> None:
        while not self._ended.is_set():
            self._write(connection)
            self._expire(connection)
            self._read(connection, None)
            self._read_s = time.monotonic()
            waited_s = 0.0
            while waited_s < POLL_S and not self._ended.is_set():
                changed = {notice.payload for notice in connection.notifies(timeout=LISTEN_S, stop_after=1)}
                self._write(connection)
                if changed:
                    self._read(connection, sorted(changed))
                waited_s += LISTEN_S

    def _read(self, connection: Connection, devices: Sequence[str] | None) -> None:
        rows = connection.execute(_WAITING, {"devices": devices, "limit": WAITING_MAX}).fetchall()
        with self._lock:
            known = {waiting.id: waiting for found in self._waiting.values() for waiting in found}
            read: dict[str, list[Waiting]] = {device: [] for device in devices or ()}
            for row in rows:
                if row[0] not in self._done:
                    read.setdefault(row[1], []).append(_waiting(row, known.get(row[0])))
            kept = {} if devices is None else {name: w for name, w in self._waiting.items() if name not in read}
            self._waiting = kept | {device: waiting for device, waiting in read.items() if waiting}

    def _write(self, connection: Connection) -> None:
        while not self._reports.empty():
            self._unwritten.append(self._reports.get())
        if not self._unwritten:
            return
        with connection.transaction(), connection.cursor() as cursor:
            command_queue.note(cursor, self._unwritten, by=_BY, at=clock.now())
        with self._lock:
            self._done -= {step.command for step in self._unwritten}
        self._unwritten = []

    def _expire(self, connection: Connection) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            command_queue.expire(cursor, by=_BY, at=clock.now())


def _means(answer: CommandAnswer, command: Command) -> bool:
    if answer.serial is not None:
        return command.serial == answer.serial
    return answer.kind is None or command.kind is answer.kind


def _step(waiting: Waiting, state: State, outcome: Outcome | None) -> Step:
    return Step(command=waiting.id, state=state, at=clock.now(), outcome=outcome)


def _waiting(row: tuple[Any, ...], known: Waiting | None) -> Waiting:
    if known is not None:  # memory is ahead of the row: what was sent just now is not written yet
        return known
    number, _, serial, kind, interval_s, text, expires_at, attempts, last_sent_at = row
    waiting = Waiting(
        id=number,
        command=Command(serial=serial, kind=CommandKind(kind), interval_s=interval_s, text=text or None),
        expires_us=clock.to_us(expires_at),
        attempts=attempts,
        next_us=0,
    )
    if last_sent_at is not None:
        pause = timedelta(seconds=RESEND_S[min(attempts, len(RESEND_S)) - 1])
        waiting.next_us = clock.to_us(last_sent_at + pause)
    return waiting
