"""A named person is told on every way there is, until that person answers; and what was told can be proven."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.db import connections, transaction

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.channels import outbox
from aralyk.channels.models import Address, Delivery, DeliveryState, Notice, Way
from aralyk.channels.notices import FALL_BACK_AFTER, do_answer, do_answer_about, do_tell, own_notices
from aralyk.channels.outbox import AGAIN_AFTER_S, LEASE, Transport, do_take_receipt, work
from aralyk.channels.words import WORDINGS, Text, in_words
from aralyk.courier.push_key import PUBLIC_FILE
from aralyk.tracking import alarms
from tests.channels.conftest import Mail, Server
from tests.conftest import Database
from tests.orders.cast import Cast, witnesses
from tests.platform.waiting import wait_until

NUMBER = "+996700123456"
MAIL_ADDRESS = "inspector@example.kg"
KEYS = {"p256dh": "B" * 87, "auth": "a" * 22}
Ways = dict[Way, Transport]


def reachable(user: User, *ways: Way, push_url: str = "") -> list[Address]:
    values = {Way.SMS: NUMBER, Way.EMAIL: MAIL_ADDRESS, Way.PUSH: f"{push_url}/subscription/1"}
    now = clock.now()
    return [
        Address.objects.create(
            user=user, way=way, value=values[way], rank=rank, added_at=now, confirmed_at=now,
            keys=KEYS if way is Way.PUSH else {},
        )
        for rank, way in enumerate(ways)
    ]  # fmt: skip


def tell(
    user: User, *, urgent: bool = True, once: str = "incident:17:1", lasts: timedelta = timedelta(hours=1)
) -> Notice:
    with transaction.atomic():
        notice = do_tell(
            user, text=Text.SIGNAL, args={"number": 17, "priority": 1}, subject="incident:17", once=once,
            urgent=urgent, lasts=lasts,
        )  # fmt: skip
    assert notice is not None
    return notice


def states(notice: Notice) -> dict[str, str]:
    return {one.address.way: one.state for one in notice.deliveries.select_related("address")}


def after(notice: Notice, seconds: float) -> datetime:
    return notice.asked_at + timedelta(seconds=seconds)


def test_an_urgent_signal_goes_out_on_every_way_at_once(
    roles: Cast, ways: Ways, sms: Server, mail: Mail, pushes: Server
) -> None:
    reachable(roles.police, Way.PUSH, Way.SMS, Way.EMAIL, push_url=pushes.url)
    notice = tell(roles.police)
    assert work(ways, now=after(notice, 0)).sent == 3
    assert sms.heard[0].json == {
        "id": str(notice.deliveries.get(address__way=Way.SMS).pk), "to": NUMBER, "from": "Мониторинг",
        "text": "Сигнал 17, приоритет 1. Откройте пульт и ответьте на него.",
    }  # fmt: skip
    assert sms.heard[0].headers["Authorization"] == "Bearer gateway-token-of-the-test"
    ((recipients, raw),) = mail.box.mails
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert recipients == [MAIL_ADDRESS]
    body = parsed.get_body()
    assert body is not None
    assert body.get_content().strip() == sms.texts()[0]
    assert len(pushes.heard) == 1
    assert states(notice) == dict.fromkeys(("push", "sms", "email"), "sent")


def test_what_is_not_urgent_takes_the_next_way_only_when_no_receipt_came(
    roles: Cast, ways: Ways, sms: Server, mail: Mail
) -> None:
    reachable(roles.police, Way.SMS, Way.EMAIL)
    silent, received = tell(roles.police, urgent=False, once="a"), tell(roles.police, urgent=False, once="b")
    assert work(ways, now=after(received, 1)).sent == 2
    assert mail.box.mails == []
    references = {one.notice_id: one.reference for one in Delivery.objects.filter(state="sent")}
    assert do_take_receipt(references[received.pk], delivered=True, at=after(received, 2))
    work(ways, now=after(received, FALL_BACK_AFTER.total_seconds() + 1))
    assert len(mail.box.mails) == 1
    assert states(silent) == {"sms": "sent", "email": "sent"}
    assert states(received) == {"sms": "delivered", "email": "cancelled"}


def test_delivered_is_not_answered_and_only_the_named_person_answers(
    database: Database, roles: Cast, ways: Ways, sms: Server
) -> None:
    reachable(roles.police, Way.SMS)
    notice = tell(roles.police)
    work(ways, now=after(notice, 0))
    (delivery,) = notice.deliveries.all()
    do_take_receipt(delivery.reference, delivered=True, at=after(notice, 3))
    notice.refresh_from_db()
    assert notice.delivered_at is not None
    assert notice.answered_at is None
    for another in (roles.police_elsewhere, roles.supervisor, roles.administrator):
        with pytest.raises(NotFound):
            do_answer(another, notice.pk)
    do_answer(roles.police, notice.pk)
    notice.refresh_from_db()
    assert notice.answered_at is not None
    told = [(kind, by) for kind, _, by, _ in witnesses(database) if kind.startswith("notice_")]
    assert told == [
        ("notice_asked", "system:channels"),
        ("notice_sent", "system:channels"),  # taken by the gateway
        ("notice_sent", "system:channels"),  # and its receipt
        ("notice_answered", f"user:{roles.police.pk}"),
    ]


def test_an_answer_ends_what_was_still_due(roles: Cast, ways: Ways, sms: Server, mail: Mail) -> None:
    reachable(roles.police, Way.SMS, Way.EMAIL)
    notice = tell(roles.police, urgent=False)
    work(ways, now=after(notice, 0))
    do_answer_about(roles.police, "incident:17")
    work(ways, now=after(notice, 3600 - 1))
    assert mail.box.mails == []
    assert states(notice) == {"sms": "sent", "email": "cancelled"}


def test_a_job_that_is_repeated_tells_once(roles: Cast) -> None:
    reachable(roles.police, Way.SMS)
    tell(roles.police)
    with transaction.atomic():
        again = do_tell(
            roles.police, text=Text.SIGNAL, args={"number": 17, "priority": 1}, subject="incident:17",
            once="incident:17:1", urgent=True,
        )  # fmt: skip
    assert again is None
    assert Notice.objects.count() == Delivery.objects.count() == 1


def test_what_did_not_happen_is_not_told(roles: Cast) -> None:
    reachable(roles.police, Way.SMS)
    with transaction.atomic():
        tell(roles.police)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_a_gateway_that_refuses_is_tried_ever_later_and_then_given_up_aloud(
    database: Database, roles: Cast, ways: Ways, sms: Server
) -> None:
    reachable(roles.police, Way.SMS)
    notice = tell(roles.police, lasts=timedelta(minutes=10))
    sms.status = 503
    moments = [0.0]
    for pause_s in AGAIN_AFTER_S[:3]:
        moments.append(moments[-1] + pause_s)
    for moment in moments:
        work(ways, now=after(notice, moment - 0.5))  # half a second early nothing is due
        assert len(sms.heard) == moments.index(moment)
        work(ways, now=after(notice, moment))
    assert len(sms.heard) == len(moments)
    (delivery,) = notice.deliveries.all()
    assert (delivery.state, delivery.failure, delivery.tries) == ("due", "http_503", 4)
    assert work(ways, now=after(notice, 601)).given_up == 1
    assert work(ways, now=after(notice, 602)).given_up == 0
    with connections["default"].cursor() as cursor:
        assert alarms.standing(cursor, prefix=outbox.UNREACHED) == {
            f"{outbox.UNREACHED}:{roles.police.pk}": {"about": "incident:17"}
        }
    assert [data["delivered"] for kind, _, _, data in witnesses(database) if kind == "notice_given_up"] == [False]


def test_whoever_has_no_way_to_be_reached_is_an_alarm_within_a_round(roles: Cast, ways: Ways) -> None:
    notice = tell(roles.police)
    assert work(ways, now=after(notice, 0)).given_up == 1
    with connections["default"].cursor() as cursor:
        assert list(alarms.standing(cursor, prefix=outbox.UNREACHED))


def test_a_way_that_is_not_set_up_here_fails_and_the_other_still_goes(roles: Cast, ways: Ways, mail: Mail) -> None:
    reachable(roles.police, Way.SMS, Way.EMAIL)
    notice = tell(roles.police)
    del ways[Way.SMS]
    done = work(ways, now=after(notice, 0))
    assert (done.sent, done.failed) == (1, 1)
    assert notice.deliveries.get(address__way=Way.SMS).failure == "not_set_up"


def test_a_sender_killed_after_speaking_speaks_again_with_the_same_name(roles: Cast, ways: Ways, sms: Server) -> None:
    reachable(roles.police, Way.SMS)
    notice = tell(roles.police)
    (claimed,) = outbox._claim(after(notice, 0))  # and then it is killed
    assert claimed.notice_id == notice.pk
    assert work(ways, now=after(notice, 1)).sent == 0, "the lease still holds"
    assert work(ways, now=after(notice, LEASE.total_seconds() + 1)).sent == 1
    assert sms.heard[0].json["id"] == str(claimed.pk)


def test_two_senders_at_once_send_each_notice_once(roles: Cast, ways: Ways, sms: Server) -> None:
    reachable(roles.police, Way.SMS)
    notices = [tell(roles.police, once=f"n{number}") for number in range(20)]

    def send() -> None:
        try:
            work(ways, now=after(notices[-1], 1))
        finally:
            connections.close_all()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(one.json["id"] for one in sms.heard) == sorted(
        str(pk) for pk in Delivery.objects.values_list("pk", flat=True)
    )


def test_a_gateway_that_hangs_holds_up_no_other_way(roles: Cast, ways: Ways, sms: Server, mail: Mail) -> None:
    reachable(roles.police, Way.SMS, Way.EMAIL)
    notice = tell(roles.police)
    sms.hold = threading.Event()

    def send() -> None:
        try:
            work(ways, now=after(notice, 0))
        finally:
            connections.close_all()

    sender = threading.Thread(target=send)
    sender.start()
    # The gateway hangs for 8 s: a mail that waited for it comes too late for this.
    wait_until(lambda: mail.box.mails, within_s=7, what="the mail, which must not wait for the SMS")
    assert sender.is_alive()
    sms.hold.set()
    sender.join()
    assert states(notice) == {"sms": "sent", "email": "sent"}


def test_a_token_follows_no_redirect(roles: Cast, ways: Ways, sms: Server) -> None:
    reachable(roles.police, Way.SMS)
    notice = tell(roles.police)
    sms.status = 307
    work(ways, now=after(notice, 0))
    assert [one.path for one in sms.heard] == ["/messages"]
    assert notice.deliveries.get().failure == "http_307"


def test_a_push_carries_nothing_but_a_signature_that_the_service_can_check(
    roles: Cast, ways: Ways, pushes: Server, tmp_path: Path
) -> None:
    reachable(roles.police, Way.PUSH, push_url=pushes.url)
    work(ways, now=after(tell(roles.police), 0))
    (heard,) = pushes.heard
    assert heard.body == b""
    assert heard.headers["Urgency"] == "high"
    assert 3500 < int(heard.headers["TTL"]) <= 3600
    scheme, fields = heard.headers["Authorization"].split(" ", 1)
    assert scheme == "vapid"
    parts = dict(part.strip().split("=", 1) for part in fields.split(","))
    signed, signature = parts["t"].rsplit(".", 1)
    assert (tmp_path / PUBLIC_FILE).read_text() == parts["k"]
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(parts["k"]))
    raw = _bytes(signature)
    whole = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(whole, signed.encode(), ec.ECDSA(hashes.SHA256()))  # raises when it is not ours
    claims = json.loads(_bytes(signed.split(".")[1]))
    assert claims["aud"] == pushes.url
    assert claims["sub"] == "mailto:admin@example.kg"


def test_a_subscription_that_is_gone_is_never_tried_again(roles: Cast, ways: Ways, pushes: Server, mail: Mail) -> None:
    push, _ = reachable(roles.police, Way.PUSH, Way.EMAIL, push_url=pushes.url)
    pushes.status = 410
    notice = tell(roles.police)
    work(ways, now=after(notice, 0))
    push.refresh_from_db()
    assert push.ended_why == "gone"
    assert states(notice) == {"push": "failed", "email": "sent"}
    work(ways, now=after(tell(roles.police, once="next"), 1))
    assert len(pushes.heard) == 1
    assert len(mail.box.mails) == 2


def test_a_receipt_of_a_message_that_is_not_ours_changes_nothing(roles: Cast, ways: Ways, sms: Server) -> None:
    reachable(roles.police, Way.SMS)
    notice = tell(roles.police)
    assert not do_take_receipt("sms-1", delivered=True, at=after(notice, 0)), "nothing was sent yet"
    assert not do_take_receipt("", delivered=True, at=after(notice, 0))
    work(ways, now=after(notice, 0))
    assert do_take_receipt("sms-1", delivered=False, at=after(notice, 5))
    assert do_take_receipt("sms-1", delivered=True, at=after(notice, 6)), "known, and already decided"
    assert states(notice) == {"sms": DeliveryState.FAILED}


@pytest.mark.parametrize("language", ["ru", "ky", "en"])
def test_no_text_names_a_person_a_place_or_the_product(language: str) -> None:
    numbers: dict[str, int | str] = {"number": 17, "priority": 1, "seconds": 60, "minutes": 5, "count": 3}
    numbers["code"] = "123456"
    sentences = {text: in_words(text, numbers, language=language) for text in WORDINGS}
    assert len(set(sentences.values())) == len(Text)
    for sentence in sentences.values():
        assert "%(" not in sentence
        assert len(sentence) <= 134, "two SMS of 67 Cyrillic letters"
        assert not any(word in sentence.lower() for word in ("aralyk", "аралык", "жертва", "агрессор"))
    if language != "en":
        english = {in_words(text, numbers, language="en") for text in WORDINGS}
        assert not english & set(sentences.values()), "a text without translation"


def test_numbers_that_a_text_does_not_have_are_our_mistake_and_told_nobody(roles: Cast) -> None:
    for args in ({"number": 1}, {"number": 1, "priority": 1, "name": 3}):
        with pytest.raises(AssertionError), transaction.atomic():
            do_tell(roles.police, text=Text.SIGNAL, args=args, subject="incident:1", once="x", urgent=True)
    with pytest.raises(AssertionError), transaction.atomic():
        do_tell(
            roles.police, text=Text.SIGNAL, args={"number": "Айгуль", "priority": 1}, subject="incident:1",  # type: ignore[dict-item]
            once="x", urgent=True,
        )  # fmt: skip


def test_one_sees_only_what_one_was_told_oneself(roles: Cast) -> None:
    mine = tell(roles.police)
    assert [notice.pk for notice in own_notices(roles.police)] == [mine.pk]
    assert own_notices(roles.police_elsewhere) == []
    with pytest.raises(NotFound):
        do_answer(roles.police, UUID(int=0))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
