"""What can be witnessed: a closed list with a grammar, so that a reader in ten years knows every entry's form.

An entry is a sentence: *kind* (what happened, past tense), *subject* (to what, "type:id"), *by* (who,
"system:process" or "user:id"), *at* (when) and *data*. The grammar names the subject's type and the data that must be
there; more may be added, these keep their names and meaning. A new kind is a decision: add it here and in
docs/reference/ledger.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Everything that is witnessed."""

    # what devices said and what the engine made of it
    LOG_BATCH = "log_batch"
    QUARANTINED = "quarantined"
    STEP = "step"
    DECISION = "decision"
    # the life of an incident
    INCIDENT_RAISED = "incident_raised"
    INCIDENT_UPDATED = "incident_updated"
    INCIDENT_EPISODE_ENDED = "incident_episode_ended"
    INCIDENT_SHOWN = "incident_shown"
    INCIDENT_ACKNOWLEDGED = "incident_acknowledged"
    INCIDENT_NOTED = "incident_noted"
    PLAYBOOK_STEP_DONE = "playbook_step_done"
    INCIDENT_HANDED_OVER = "incident_handed_over"
    INCIDENT_TRIAGED = "incident_triaged"
    INCIDENT_ACCEPTED = "incident_accepted"
    INCIDENT_ON_THE_WAY = "incident_on_the_way"
    INCIDENT_ARRIVED = "incident_arrived"
    INCIDENT_GIVEN_BACK = "incident_given_back"
    INCIDENT_TAKEN_OVER = "incident_taken_over"
    INCIDENT_CONCLUDED = "incident_concluded"
    INCIDENT_ESCALATED = "incident_escalated"
    ESCALATION_ANSWERED = "escalation_answered"
    SECOND_LOOK_ASKED = "second_look_asked"
    SECOND_LOOK_TAKEN = "second_look_taken"
    SECOND_LOOK_GIVEN = "second_look_given"
    SECOND_LOOK_SETTLED = "second_look_settled"
    LEGALITY_LISTED = "legality_listed"
    LEGALITY_SEEN = "legality_seen"
    CHECK_CODE_MADE = "check_code_made"
    CHECK_MADE = "check_made"
    CHECK_HER_WORD = "check_her_word"
    FIELD_ENTRY = "field_entry"
    INCIDENT_CLOSED = "incident_closed"
    INCIDENT_REOPENED = "incident_reopened"
    TAMPER_CLEARED = "tamper_cleared"
    # orders and people
    ORDER_ISSUED = "order_issued"
    ORDER_VARIED = "order_varied"
    ORDER_ENDED = "order_ended"
    ORDER_PROPOSED = "order_proposed"
    ORDER_PROPOSAL_CONFIRMED = "order_proposal_confirmed"
    ORDER_PROPOSAL_REFUSED = "order_proposal_refused"
    ORDER_SUSPENDED = "order_suspended"
    ORDER_RESUMED = "order_resumed"
    ORDER_SERVED = "order_served"
    EXTENSION_ASKED = "extension_asked"
    REDUCTION_REQUESTED = "reduction_requested"
    REDUCTION_TALKED = "reduction_talked"
    REDUCTION_DECIDED = "reduction_decided"
    DEVICE_CHOSEN = "device_chosen"
    LIMITS_TOLD = "limits_told"
    LOSS_RECORDED = "loss_recorded"
    RESPONDENT_REGISTERED = "respondent_registered"
    PROTECTED_PERSON_REGISTERED = "protected_person_registered"
    RESPONDENT_CHANGED = "respondent_changed"
    PROTECTED_PERSON_CHANGED = "protected_person_changed"
    CHILD_WITH_RESPONDENT = "child_with_respondent"
    PEOPLE_IMPORTED = "people_imported"
    # reports
    REPORT_TAKEN = "report_taken"
    REPORT_CHANGED = "report_changed"
    REPORT_READ = "report_read"
    REPORT_DECIDED = "report_decided"
    REPORT_REOPENED = "report_reopened"
    REPORT_TASK_DONE = "report_task_done"
    REPORT_OVERDUE = "report_overdue"
    REPORT_COPY = "report_copy"
    REPORT_CASE = "report_case"
    OFFICER_COMPLAINT = "officer_complaint"
    # risk
    RISK_ASSESSED = "risk_assessed"
    RISK_LEVEL_DECIDED = "risk_level_decided"
    RISK_LOWERING_CONFIRMED = "risk_lowering_confirmed"
    RISK_LOWERING_REFUSED = "risk_lowering_refused"
    REASSESSMENT_REQUIRED = "reassessment_required"
    RISK_DUTY_DONE = "risk_duty_done"
    # devices
    DEVICE_REGISTERED = "device_registered"
    DEVICE_CHANGED = "device_changed"
    DEVICE_ASSIGNED = "device_assigned"
    DEVICE_UNASSIGNED = "device_unassigned"
    COMMAND_ASKED = "command_asked"
    COMMAND_SENT = "command_sent"
    COMMAND_ANSWERED = "command_answered"
    COMMAND_REFUSED = "command_refused"
    COMMAND_EXPIRED = "command_expired"
    COMMAND_WITHDRAWN = "command_withdrawn"
    CONTACTS_DRAWN = "contacts_drawn"
    URGENT_CONTACT_PROPOSED = "urgent_contact_proposed"
    URGENT_CONTACT_SENT = "urgent_contact_sent"
    CHECKUP_STARTED = "checkup_started"
    CHECKUP_STEP = "checkup_step"
    CHECKUP_FINISHED = "checkup_finished"
    # frames that were not taken
    QUARANTINE_LOOK = "quarantine_look"
    FRAME_RELEASED = "frame_released"
    FRAME_DISMISSED = "frame_dismissed"
    # the vault and other looks
    VAULT_WRITTEN = "vault_written"
    VAULT_LOOK = "vault_look"
    VAULT_REFUSED = "vault_refused"
    VAULT_LOOK_ASKED = "vault_look_asked"
    VAULT_LOOK_ANSWERED = "vault_look_answered"
    VAULT_KEY_DESTROYED = "vault_key_destroyed"
    VAULT_MASTER_CHANGED = "vault_master_changed"
    CANARY_SET = "canary_set"
    BUNDLE_EXPORTED = "bundle_exported"
    # papers, and files for another office's register
    AREA_DRAWN = "area_drawn"
    AREA_WITHHELD = "area_withheld"
    ZONE_NAMED = "zone_named"
    PAPER_MADE = "paper_made"
    PAPER_TAKEN = "paper_taken"
    PAPER_DELIVERED = "paper_delivered"
    CORRESPONDENT_ADDED = "correspondent_added"
    CORRESPONDENT_ALLOWED = "correspondent_allowed"
    REGISTER_EXPORTED = "register_exported"
    REGISTER_IMPORTED = "register_imported"
    REGISTER_REFUSED = "register_refused"
    # who is on duty
    DESK_CHANGED = "desk_changed"
    SHIFT_CHANGED = "shift_changed"
    TEST_CALL_ANSWERED = "test_call_answered"
    TEST_CALL_MISSED = "test_call_missed"
    # work without the platform
    OUTAGE_BEGAN = "outage_began"
    OUTAGE_ENDED = "outage_ended"
    OUTAGE_TOLD = "outage_told"
    RISK_LIST_TAKEN = "risk_list_taken"
    # the change of a shift in the centre
    SHIFT_LEFT = "shift_left"
    SHIFT_TAKEN_OVER = "shift_taken_over"
    # what was folded, and who signed for it
    DIGEST_MADE = "digest_made"
    DIGEST_SIGNED = "digest_signed"
    # what people of the agencies were told
    ADDRESS_CHANGED = "address_changed"
    NOTICE_ASKED = "notice_asked"
    NOTICE_SENT = "notice_sent"
    NOTICE_ANSWERED = "notice_answered"
    NOTICE_GIVEN_UP = "notice_given_up"
    # the platform itself
    USER_CHANGED = "user_changed"
    ACCOUNT_REVIEWED = "account_reviewed"
    # who sees what that the own office does not show
    CASE_GRANTED = "case_granted"
    CASE_GRANT_WITHDRAWN = "case_grant_withdrawn"
    GLASS_BROKEN = "glass_broken"
    GLASS_REFUSED = "glass_refused"
    GLASS_CONFIRMED = "glass_confirmed"
    GLASS_CLOSED = "glass_closed"
    GLASS_REVIEWED = "glass_reviewed"
    GLASS_REVIEW_OVERDUE = "glass_review_overdue"
    CONFLICT_RECORDED = "conflict_recorded"
    CONFLICT_CONFIRMED = "conflict_confirmed"
    CONFLICT_REFUSED = "conflict_refused"
    CONFLICT_LIFT_ASKED = "conflict_lift_asked"
    CONFLICT_LIFTED = "conflict_lifted"
    DISTRICTS_LENT = "districts_lent"
    DISTRICTS_TAKEN_BACK = "districts_taken_back"
    LOOKS_STOPPED = "looks_stopped"
    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    SETTINGS = "settings"
    PROCESS_STARTED = "process_started"
    PROCESS_STOPPED = "process_stopped"
    ALARM_RAISED = "alarm_raised"
    ALARM_CLEARED = "alarm_cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Form of one kind: the type of its subject, and the fields that its data always has."""

    subject: str
    data: frozenset[str] = frozenset()


def _form(subject: str, *data: str) -> Grammar:
    return Grammar(subject=subject, data=frozenset(data))


GRAMMAR: Final[dict[Kind, Grammar]] = {
    Kind.LOG_BATCH: _form("stream", "stream", "seq", "messages", "root"),
    Kind.QUARANTINED: _form("stream"),
    Kind.STEP: _form("shard"),
    Kind.DECISION: _form("incident"),
    Kind.INCIDENT_RAISED: _form("incident"),
    Kind.INCIDENT_UPDATED: _form("incident"),
    Kind.INCIDENT_EPISODE_ENDED: _form("incident"),
    Kind.INCIDENT_SHOWN: _form("incident"),
    Kind.INCIDENT_ACKNOWLEDGED: _form("incident"),
    Kind.INCIDENT_NOTED: _form("incident"),
    Kind.PLAYBOOK_STEP_DONE: _form("incident", "contact", "playbook", "result", "step"),
    Kind.INCIDENT_HANDED_OVER: _form("incident"),
    Kind.INCIDENT_TRIAGED: _form("incident", "judgement"),
    Kind.INCIDENT_ACCEPTED: _form("incident", "no_relation"),
    Kind.INCIDENT_ON_THE_WAY: _form("incident"),
    Kind.INCIDENT_ARRIVED: _form("incident"),
    Kind.INCIDENT_GIVEN_BACK: _form("incident", "reason_sha256"),
    Kind.INCIDENT_TAKEN_OVER: _form("incident", "from"),
    Kind.INCIDENT_CONCLUDED: _form("incident", "outcome", "reason_sha256"),
    Kind.INCIDENT_ESCALATED: _form("incident", "desks", "due_at", "milestone", "round"),
    Kind.ESCALATION_ANSWERED: _form("incident", "desk", "milestone", "round"),
    Kind.SECOND_LOOK_ASKED: _form("incident", "look", "why"),
    Kind.SECOND_LOOK_TAKEN: _form("incident", "look"),
    Kind.SECOND_LOOK_GIVEN: _form("incident", "agrees", "look", "outcome"),
    Kind.SECOND_LOOK_SETTLED: _form("incident", "look", "outcome"),
    Kind.LEGALITY_LISTED: _form("order", "happened_at", "item", "what"),
    Kind.LEGALITY_SEEN: _form("order", "item"),
    Kind.CHECK_CODE_MADE: _form("order", "challenge", "device", "expires_at", "way"),
    Kind.CHECK_MADE: _form("order", "check", "device_at", "kind", "late", "proof", "reasons", "row_sha256"),
    Kind.FIELD_ENTRY: _form("incident", "act", "device_at", "entry", "late", "moved"),
    Kind.CHECK_HER_WORD: _form("order", "channel", "check", "visited"),
    Kind.INCIDENT_CLOSED: _form("incident"),
    Kind.INCIDENT_REOPENED: _form("incident"),
    Kind.TAMPER_CLEARED: _form("incident"),
    Kind.ORDER_ISSUED: _form("order"),
    Kind.ORDER_VARIED: _form("order"),
    Kind.ORDER_ENDED: _form("order"),
    Kind.ORDER_PROPOSED: _form("order", "change", "content_sha256", "proposal"),
    Kind.ORDER_PROPOSAL_CONFIRMED: _form("order", "change", "content_sha256", "proposal", "proposed_by"),
    Kind.ORDER_PROPOSAL_REFUSED: _form("order", "change", "content_sha256", "proposal", "proposed_by"),
    Kind.ORDER_SUSPENDED: _form("order", "from_at", "until_at", "version"),
    Kind.ORDER_RESUMED: _form("order", "suspension", "version"),
    Kind.ORDER_SERVED: _form("order", "language", "party", "receipt", "served_at", "told", "version"),
    Kind.EXTENSION_ASKED: _form("order", "due_at", "outcome", "question"),
    Kind.REDUCTION_REQUESTED: _form("order", "protected_person", "request", "wish"),
    Kind.REDUCTION_TALKED: _form("order", "pressure", "protected_person", "request", "still_wishes", "wish"),
    Kind.REDUCTION_DECIDED: _form("order", "granted", "protected_person", "request", "wish"),
    Kind.DEVICE_CHOSEN: _form("order", "carries", "choice", "exemption", "threat"),
    Kind.LIMITS_TOLD: _form("order", "language", "limits", "protected_person"),
    Kind.LOSS_RECORDED: _form("order", "cause", "from_at", "loss"),
    Kind.RESPONDENT_REGISTERED: _form("respondent"),
    Kind.PROTECTED_PERSON_REGISTERED: _form("protected_person"),
    Kind.RESPONDENT_CHANGED: _form("respondent", "act"),
    Kind.PROTECTED_PERSON_CHANGED: _form("protected_person", "act"),
    Kind.CHILD_WITH_RESPONDENT: _form("protected_person", "act", "stay"),
    Kind.PEOPLE_IMPORTED: _form("import", "respondents", "protected_persons"),
    Kind.REPORT_TAKEN: _form("report", "account_sha256", "applicant", "channel", "district", "number", "reported_at"),
    Kind.REPORT_CHANGED: _form("report", "what"),
    Kind.REPORT_READ: _form("report"),
    Kind.REPORT_DECIDED: _form("report", "closes", "outcome", "reason_sha256"),
    Kind.REPORT_REOPENED: _form("report", "reason_sha256"),
    Kind.REPORT_TASK_DONE: _form("report", "due_at", "result", "rule"),
    Kind.REPORT_OVERDUE: _form("report", "due_at", "rule"),
    Kind.REPORT_COPY: _form("report", "copy"),
    Kind.REPORT_CASE: _form("report", "happened_on", "step"),
    Kind.OFFICER_COMPLAINT: _form("report", "officer"),
    Kind.RISK_ASSESSED: _form(
        "respondent", "answers_sha256", "assessment", "instrument", "protected_person", "version"
    ),
    Kind.RISK_LEVEL_DECIDED: _form("respondent", "decision", "level", "protected_person", "state"),
    Kind.RISK_LOWERING_CONFIRMED: _form("respondent", "decision", "level", "proposed_by"),
    Kind.RISK_LOWERING_REFUSED: _form("respondent", "decision", "level", "proposed_by"),
    Kind.REASSESSMENT_REQUIRED: _form("respondent", "cause", "due_at", "event"),
    Kind.RISK_DUTY_DONE: _form("respondent", "duty"),
    Kind.DEVICE_REGISTERED: _form("device"),
    Kind.DEVICE_CHANGED: _form("device"),
    Kind.DEVICE_ASSIGNED: _form("device"),
    Kind.DEVICE_UNASSIGNED: _form("device"),
    Kind.COMMAND_ASKED: _form("device", "asked_by", "command", "kind", "serial"),
    Kind.COMMAND_SENT: _form("device", "attempts", "command"),
    Kind.COMMAND_ANSWERED: _form("device", "attempts", "command", "outcome"),
    Kind.COMMAND_REFUSED: _form("device", "attempts", "command", "outcome"),
    Kind.COMMAND_EXPIRED: _form("device", "attempts", "command", "outcome"),
    Kind.COMMAND_WITHDRAWN: _form("device", "attempts", "command", "outcome"),
    Kind.CONTACTS_DRAWN: _form("order", "secret_sha256"),
    Kind.URGENT_CONTACT_PROPOSED: _form("device", "kind", "order", "reason_sha256", "urgent_contact"),
    Kind.URGENT_CONTACT_SENT: _form("device", "command", "order", "proposed_by", "reason_sha256", "urgent_contact"),
    Kind.CHECKUP_STARTED: _form("device", "checkup"),
    Kind.CHECKUP_STEP: _form("device", "checkup", "done"),
    Kind.CHECKUP_FINISHED: _form("device", "checkup", "result"),
    Kind.QUARANTINE_LOOK: _form("frame", "frame_sha256"),
    Kind.FRAME_RELEASED: _form("frame", "frame_sha256", "heard_at", "stream", "seq"),
    Kind.FRAME_DISMISSED: _form("frame"),
    Kind.VAULT_WRITTEN: _form("protected_person"),
    Kind.VAULT_LOOK: _form("protected_person"),
    Kind.VAULT_REFUSED: _form("protected_person"),
    Kind.VAULT_LOOK_ASKED: _form("protected_person", "field", "request"),
    Kind.VAULT_LOOK_ANSWERED: _form("protected_person", "confirmed", "request"),
    Kind.VAULT_KEY_DESTROYED: _form("protected_person", "key"),
    Kind.VAULT_MASTER_CHANGED: _form("vault", "act", "master"),
    Kind.CANARY_SET: _form("vault", "commitment"),
    Kind.BUNDLE_EXPORTED: _form("incident", "manifest_sha256", "rendition"),
    Kind.AREA_DRAWN: _form("order", "circle_sha256", "number"),
    Kind.AREA_WITHHELD: _form("order", "number", "reason_sha256"),
    Kind.ZONE_NAMED: _form("order", "condition", "reason_sha256", "shape_sha256"),
    Kind.PAPER_MADE: _form("order", "language", "paper", "rendition", "sha256", "version"),
    Kind.PAPER_TAKEN: _form("order", "paper", "rendition", "sha256"),
    Kind.PAPER_DELIVERED: _form("order", "delivered_at", "paper", "recipient", "sha256", "way"),
    Kind.CORRESPONDENT_ADDED: _form("register", "fingerprint"),
    Kind.CORRESPONDENT_ALLOWED: _form("register", "added_by", "fingerprint"),
    Kind.REGISTER_EXPORTED: _form("order", "fingerprint", "register", "sealed", "sha256"),
    Kind.REGISTER_IMPORTED: _form("register", "records", "sha256"),
    Kind.REGISTER_REFUSED: _form("register", "field", "sha256"),
    Kind.DESK_CHANGED: _form("desk", "act"),
    Kind.SHIFT_CHANGED: _form("desk", "act", "shift"),
    Kind.TEST_CALL_ANSWERED: _form("desk", "late", "shift"),
    Kind.TEST_CALL_MISSED: _form("desk", "due_at", "shift"),
    Kind.OUTAGE_BEGAN: _form("outage", "cases", "listed_at", "practice", "told"),
    Kind.OUTAGE_ENDED: _form("outage", "answered", "practice", "told"),
    Kind.OUTAGE_TOLD: _form("outage", "how", "order", "protected_person", "reached"),
    Kind.RISK_LIST_TAKEN: _form("user", "cases", "list_sha256"),
    Kind.SHIFT_LEFT: _form("hand_over", "incidents", "note_sha256", "silent", "standing_sha256", "suspended"),
    Kind.SHIFT_TAKEN_OVER: _form("hand_over", "from", "standing_sha256"),
    Kind.DIGEST_MADE: _form("digest", "downgraded", "due_at", "folded", "groups", "list_sha256"),
    Kind.DIGEST_SIGNED: _form("digest", "downgraded", "folded", "groups", "list_sha256"),
    Kind.ADDRESS_CHANGED: _form("user", "act", "address", "value_sha256", "way"),
    Kind.NOTICE_ASKED: _form("user", "about", "notice", "text", "urgent", "ways"),
    Kind.NOTICE_SENT: _form("user", "delivery", "failure", "notice", "state", "way"),
    Kind.NOTICE_ANSWERED: _form("user", "about", "notice"),
    Kind.NOTICE_GIVEN_UP: _form("user", "about", "delivered", "notice"),
    Kind.USER_CHANGED: _form("user"),
    Kind.ACCOUNT_REVIEWED: _form("user", "kept"),
    Kind.CASE_GRANTED: _form("order", "ends_at", "grant", "purpose_sha256", "right", "user"),
    Kind.CASE_GRANT_WITHDRAWN: _form("order", "grant", "user"),
    Kind.GLASS_BROKEN: _form("order", "break_glass", "confirm_by", "ends_at", "reason_sha256", "user"),
    Kind.GLASS_REFUSED: _form("user"),
    Kind.GLASS_CONFIRMED: _form("order", "break_glass", "user"),
    Kind.GLASS_CLOSED: _form("order", "break_glass", "ended_at", "user", "why"),
    Kind.GLASS_REVIEWED: _form("order", "break_glass", "finding", "user"),
    Kind.GLASS_REVIEW_OVERDUE: _form("order", "break_glass", "review_by", "user"),
    Kind.CONFLICT_RECORDED: _form("user", "conflict", "subject"),
    Kind.CONFLICT_CONFIRMED: _form("user", "conflict", "subject"),
    Kind.CONFLICT_REFUSED: _form("user", "conflict", "subject"),
    Kind.CONFLICT_LIFT_ASKED: _form("user", "conflict", "subject"),
    Kind.CONFLICT_LIFTED: _form("user", "conflict", "subject"),
    Kind.DISTRICTS_LENT: _form("user", "delegation", "deputy", "districts", "ends_at", "starts_at"),
    Kind.DISTRICTS_TAKEN_BACK: _form("user", "delegation", "deputy"),
    Kind.LOOKS_STOPPED: _form("user", "an_hour", "what"),
    Kind.LOGGED_IN: _form("user"),
    Kind.LOGIN_REFUSED: _form("user"),
    Kind.SETTINGS: _form("process"),
    Kind.PROCESS_STARTED: _form("process"),
    Kind.PROCESS_STOPPED: _form("process"),
    Kind.ALARM_RAISED: _form("component"),
    Kind.ALARM_CLEARED: _form("component"),
}
assert set(GRAMMAR) == set(Kind)

# A checkpoint is signed at once, not at the next minute: from here on nobody can say "we wrote this later".
SEALED_AT_ONCE: Final = frozenset({Kind.INCIDENT_RAISED, Kind.BUNDLE_EXPORTED})
