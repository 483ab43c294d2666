"""How the domain says no, in codes that are translated at the edge.

`Refused` is the caller's fault and says which one: a closed code, parameters, and the fields concerned with what was
expected. `NotFound` is the answer both to "there is none" and to "not for you": whoever may not see a thing must not
learn that it exists. Neither ever quotes a name, a place or a phone number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Why an action was refused; each has one sentence per language (`aralyk.access.sentences`)."""

    NOT_PERMITTED = "not_permitted"
    INVALID = "invalid"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ALREADY_CLOSED = "already_closed"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    NOT_POSSIBLE_NOW = "not_possible_now"
    TAKE_IT_ON_FIRST = "take_it_on_first"
    ALREADY_ACCEPTED = "already_accepted"
    ANOTHERS_INCIDENT = "anothers_incident"
    NO_CODE_HERE = "no_code_here"
    DESK_TAKEN = "desk_taken"
    NOT_ON_DUTY = "not_on_duty"
    SHIFT_OVER = "shift_over"
    STILL_OPEN = "still_open"
    ORDER_ENDED = "order_ended"
    NOT_IN_FORCE = "not_in_force"
    TERM_TOO_LONG = "term_too_long"
    TERM_TOO_SHORT = "term_too_short"
    NUMBER_TAKEN = "number_taken"
    USERNAME_TAKEN = "username_taken"
    DEVICE_KNOWN = "device_known"
    DEVICE_CARRIED = "device_carried"
    DEVICE_NOT_CARRIED = "device_not_carried"
    COMMAND_NOT_SPOKEN = "command_not_spoken"
    COMMAND_FINISHED = "command_finished"
    NOT_TO_HER_DEVICE = "not_to_her_device"
    WOULD_TELL_HIM = "would_tell_him"
    NOT_QUIET = "not_quiet"
    CHECKUP_RUNS = "checkup_runs"
    NOTHING_SEALED = "nothing_sealed"
    VAULT_UNREADABLE = "vault_unreadable"
    VAULT_KEY_DESTROYED = "vault_key_destroyed"
    CONFIRMATION_NEEDED = "confirmation_needed"
    CONFIRMATION_OVER = "confirmation_over"
    NOT_YOUR_OWN_LOOK = "not_your_own_look"
    ORDER_STANDS = "order_stands"
    ALREADY_ENDED = "already_ended"
    CHILD_IS_WITH_HIM = "child_is_with_him"
    LEVEL_DECIDED = "level_decided"
    SECOND_PERSON_NEEDED = "second_person_needed"
    LEVEL_OVERTAKEN = "level_overtaken"
    DUTY_FINISHED = "duty_finished"
    PROPOSAL_NEEDED = "proposal_needed"
    OWN_PROPOSAL = "own_proposal"
    OWN_HAND_OVER = "own_hand_over"
    PROPOSAL_DECIDED = "proposal_decided"
    PROPOSAL_OVERTAKEN = "proposal_overtaken"
    TOO_MANY_PROPOSALS = "too_many_proposals"
    FINDINGS_UNANSWERED = "findings_unanswered"
    ARTICLE_UNVERIFIED = "article_unverified"
    TOO_OFTEN = "too_often"
    CONVERSATION_NEEDED = "conversation_needed"
    ASSESSMENT_NEEDED = "assessment_needed"
    NOT_WISHED = "not_wished"
    OWN_CONVERSATION = "own_conversation"
    REQUEST_WAITS = "request_waits"
    REQUEST_DECIDED = "request_decided"
    QUESTION_CLOSED = "question_closed"
    DRAFT_ISSUED = "draft_issued"
    REPORT_CLOSED = "report_closed"
    REPORT_NOT_CLOSED = "report_not_closed"
    REPORT_INCOMPLETE = "report_incomplete"
    REPORT_NOT_ASSESSED = "report_not_assessed"
    RESPONDENT_KNOWN = "respondent_known"
    KEY_REUSED = "key_reused"
    KEY_IN_USE = "key_in_use"
    ANSWER_NOT_KEPT = "answer_not_kept"
    ADDRESS_KNOWN = "address_known"
    FRAME_DECIDED = "frame_decided"
    FRAME_NOT_RELEASABLE = "frame_not_releasable"
    PAPER_NOT_KEPT = "paper_not_kept"
    CORRESPONDENT_KNOWN = "correspondent_known"
    SEALED_NOT_ALLOWED = "sealed_not_allowed"
    ALREADY_SEEN = "already_seen"
    ACCESS_OVER = "access_over"
    ANOTHER_PERSON_NEEDED = "another_person_needed"
    STILL_IN_USE = "still_in_use"
    ALREADY_REVIEWED = "already_reviewed"
    ALREADY_ANSWERED = "already_answered"
    TOO_MANY_LOOKS = "too_many_looks"
    SECOND_FACTOR_NEEDED = "second_factor_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One field that can't be accepted.

    Attributes:
        field: Its path in what the caller sent ("conditions[0].distance_m").
        expected: The form or value that would be accepted.
        found: What was there, when it is safe to quote; None otherwise.
    """

    field: str
    expected: str
    found: str | None = None


class Refused(Exception):
    """An action that was not done, with the reason. Nothing was written."""

    def __init__(self, code: Code, *, fields: tuple[FieldProblem, ...] = (), **params: str | int) -> None:
        super().__init__(code.value)
        self.code = code
        self.fields = fields
        self.params = params

    @classmethod
    def field(cls, field: str, *, expected: str, found: object = None, code: Code = Code.INVALID) -> Refused:
        """A refusal because of one field."""
        shown = None if found is None else str(found)[:100]
        return cls(code, fields=(FieldProblem(field=field, expected=expected, found=shown),))


class NotFound(LookupError):
    """There is no such thing, or not for this person; the two must look alike."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
