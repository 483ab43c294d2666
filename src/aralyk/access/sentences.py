"""What each refusal says to people, marked for translation. The pages and the API share these texts.

A sentence is filled from `Refused.params` alone, which hold codes, numbers and the names of colleagues on duty.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aralyk.access.errors import Code, Refused

SENTENCES: Final[Mapping[Code, Promise]] = MappingProxyType(
    {
        Code.NOT_PERMITTED: _("Your role does not allow this."),
        Code.INVALID: _("Some fields can't be accepted."),
        Code.ALREADY_ACKNOWLEDGED: _("%(who)s has already acknowledged this signal."),
        Code.ALREADY_CLOSED: _("This signal is already closed."),
        Code.NOT_ACKNOWLEDGED: _("Acknowledge the signal first: whoever closes it must have taken it on."),
        Code.TAKE_IT_ON_FIRST: _("Take the signal on first: then everybody knows who calls."),
        Code.NOT_POSSIBLE_NOW: _("As this signal stands now, that is not possible."),
        Code.ALREADY_ACCEPTED: _("%(who)s has already accepted this signal."),
        Code.ANOTHERS_INCIDENT: _("%(who)s has accepted this signal: only the officer who accepted it can say this."),
        Code.NO_CODE_HERE: _("This device can show no code: enter the check without one, it then counts as claimed."),
        Code.DESK_TAKEN: _("A desk with this code exists already."),
        Code.NOT_ON_DUTY: _("You are not on duty at this desk now."),
        Code.SHIFT_OVER: _("This shift is over or was cancelled."),
        Code.STILL_OPEN: _("The situation still goes on. To close the signal all the same, confirm that."),
        Code.ORDER_ENDED: _("This order has ended."),
        Code.NOT_IN_FORCE: _("The law has no such entry in force on that day."),
        Code.TERM_TOO_LONG: _("The term is longer than the law allows."),
        Code.TERM_TOO_SHORT: _("The term is shorter than the rules allow."),
        Code.NUMBER_TAKEN: _("An order with this number exists already."),
        Code.USERNAME_TAKEN: _("This user name is already taken."),
        Code.DEVICE_KNOWN: _("A device with this id is already registered."),
        Code.DEVICE_CARRIED: _("This device is already given to somebody."),
        Code.DEVICE_NOT_CARRIED: _("This device is given to nobody in this order."),
        Code.COMMAND_NOT_SPOKEN: _("This device can't be asked for that: its protocol has no words for it."),
        Code.COMMAND_FINISHED: _("This command is already finished."),
        Code.NOT_TO_HER_DEVICE: _("Nothing that is seen or heard is sent to a protected person's device."),
        Code.NOT_QUIET: _("This device can be asked openly: no second person is needed."),
        Code.WOULD_TELL_HIM: _("Not sent: its moment would tell the respondent that he is near the protected person."),
        Code.CHECKUP_RUNS: _("A check of this device is already running."),
        Code.NOTHING_SEALED: _("Nothing is stored under this name."),
        Code.VAULT_UNREADABLE: _("The sealed value can't be read: the key is missing, or the value was changed."),
        Code.VAULT_KEY_DESTROYED: _("What was sealed about this person was destroyed and can't be read any more."),
        Code.CONFIRMATION_NEEDED: _("A second person must confirm before this is shown: ask for it first."),
        Code.CONFIRMATION_OVER: _("This request is over: answered, shown once, or out of time. Ask again."),
        Code.NOT_YOUR_OWN_LOOK: _("Whoever asked to look can't confirm it: a second person must."),
        Code.ORDER_STANDS: _("An order of this person has not ended yet."),
        Code.ALREADY_ENDED: _("This is already ended or taken back."),
        Code.CHILD_IS_WITH_HIM: _("It is already recorded that this child is with the respondent."),
        Code.LEVEL_DECIDED: _("This proposal was already answered, or is no longer the newest."),
        Code.SECOND_PERSON_NEEDED: _("Whoever proposed a lower level can't confirm it: a second person must."),
        Code.LEVEL_OVERTAKEN: _("Something happened since the proposal. Assess the risk again."),
        Code.DUTY_FINISHED: _("This duty is already done, or no longer owed."),
        Code.PROPOSAL_NEEDED: _(
            "This would leave somebody less protected: propose it, and a second person confirms it."
        ),
        Code.OWN_HAND_OVER: _("Whoever leaves a shift can't take it over: the person who comes must."),
        Code.OWN_PROPOSAL: _("Whoever proposed it can't confirm it: a second person must."),
        Code.PROPOSAL_DECIDED: _("This proposal was already answered."),
        Code.PROPOSAL_OVERTAKEN: _("The order changed since the proposal. Propose it anew."),
        Code.TOO_MANY_PROPOSALS: _("%(most)s proposals wait in this order already: answer them first."),
        Code.FINDINGS_UNANSWERED: _("The checks found what must be answered with a reason before the order is made."),
        Code.ARTICLE_UNVERIFIED: _("It rests on an article that nobody has verified yet, so it can't be issued."),
        Code.TOO_OFTEN: _("This was done too often: at most %(most)s times."),
        Code.CONVERSATION_NEEDED: _(
            "First a private conversation with her: alone, with the code word, not on her phone, an adviser offered."
        ),
        Code.ASSESSMENT_NEEDED: _("First the risk must be assessed anew: it was not since the request."),
        Code.NOT_WISHED: _("In the conversation she did not confirm that she wishes it."),
        Code.OWN_CONVERSATION: _("Whoever spoke with her can't decide it: somebody else must."),
        Code.REQUEST_WAITS: _("A request for less protection waits in this order: decide that one."),
        Code.REQUEST_DECIDED: _("This request was already decided."),
        Code.QUESTION_CLOSED: _("This question is already closed."),
        Code.DRAFT_ISSUED: _("This draft was already issued as an order."),
        Code.REPORT_CLOSED: _("This report is closed. To go on with it, reopen it."),
        Code.REPORT_NOT_CLOSED: _("This report is still open."),
        Code.REPORT_INCOMPLETE: _("The report can't be closed yet: something was not stated."),
        Code.REPORT_NOT_ASSESSED: _("No report closes without a risk assessment: assess the risk first."),
        Code.RESPONDENT_KNOWN: _("The report already names the person it is about."),
        Code.KEY_REUSED: _("This idempotency key was already used for another request."),
        Code.KEY_IN_USE: _("A request under this idempotency key is being done: ask again in a moment."),
        Code.ANSWER_NOT_KEPT: _(
            "This was already done under this idempotency key. Its answer is not kept: look again under a new key."
        ),
        Code.ADDRESS_KNOWN: _("You have added this address already."),
        Code.FRAME_DECIDED: _("This frame was already released or dismissed."),
        Code.FRAME_NOT_RELEASABLE: _("This frame can't be released: open it to see why."),
        Code.PAPER_NOT_KEPT: _("Of a sealed paper only its hash is kept: make it again."),
        Code.CORRESPONDENT_KNOWN: _("This key is already known."),
        Code.SEALED_NOT_ALLOWED: _("This recipient may not have sealed facts."),
        Code.ALREADY_SEEN: _("This case is already open to you."),
        Code.ACCESS_OVER: _("This access is already over, or was answered."),
        Code.ANOTHER_PERSON_NEEDED: _("Another person must do this: not one who took part in it."),
        Code.STILL_IN_USE: _("The case is still open. The finding is written when it has closed."),
        Code.ALREADY_REVIEWED: _("Somebody has already written the finding."),
        Code.ALREADY_ANSWERED: _("Somebody has already answered this."),
        Code.TOO_MANY_LOOKS: _("Too many looks within an hour. Your supervisor was told; try again later."),
        Code.SECOND_FACTOR_NEEDED: _("Confirm with your passkey or one-time code first: this needs a second factor."),
    }
)
assert set(SENTENCES) == set(Code)


def sentence_of(refused: Refused) -> str:
    """The refusal in the language that is active now."""
    return str(SENTENCES[refused.code]) % refused.params
