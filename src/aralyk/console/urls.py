"""Every address of the console. Pages ask for a log-in here, in one place; fragments are their pages' own parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from allauth.account import views as account
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import include, path, re_path, register_converter
from django.views.decorators.cache import never_cache

from aralyk.console.refusals import is_fragment
from aralyk.console.views import (
    access,
    accounts,
    case_access,
    coverage,
    desk,
    device,
    devices,
    digests,
    duties,
    failures,
    figures,
    hand_over,
    incidents,
    looks,
    map_data,
    order_acts,
    order_vary,
    order_waiting,
    order_wizard,
    orders,
    outage,
    papers,
    people,
    platform,
    protected,
    quarantine,
    report_taking,
    reports,
    risk,
    roster,
    tasks,
    urgent,
    vault,
    ways,
)

View = Callable[..., HttpResponseBase]


def _page(view: View) -> View:
    """For people who are logged in, never kept by any cache; a script hears 401 instead of a log-in page."""
    asks = login_required(view)

    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated and is_fragment(request):
            return HttpResponse(status=401)
        return asks(request, *args, **kwargs)

    return guarded


class _Day:
    """A day in an address, as 2026-11-22."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return f"{value:%Y-%m-%d}"


register_converter(_Day, "day")

urlpatterns = [
    path("", _page(desk.page), name="desk"),
    path("desk/rows", _page(desk.rows), name="desk_rows"),
    path("strip", _page(platform.strip), name="strip"),
    path("incidents/shown", _page(incidents.shown), name="incidents_shown"),
    path("incidents/<uuid:incident_id>/", _page(incidents.page), name="incident"),
    path("incidents/<uuid:incident_id>/peek", _page(incidents.peek), name="incident_peek"),
    path("incidents/<uuid:incident_id>/live/<slug:part>", _page(incidents.live_part), name="incident_live"),
    path("incidents/<uuid:incident_id>/bundle", _page(incidents.bundle), name="incident_bundle"),
    path("tasks/", _page(tasks.listing), name="tasks"),
    path("tasks/rows", _page(tasks.rows), name="tasks_rows"),
    path("tasks/<uuid:incident_id>/", _page(tasks.page), name="task"),
    path("tasks/<uuid:incident_id>/place", _page(tasks.live_part), name="task_live"),
    path("tasks/<uuid:incident_id>/accept", _page(tasks.accept), name="task_accept"),
    path("tasks/<uuid:incident_id>/say", _page(tasks.say), name="task_say"),
    path("tasks/<uuid:incident_id>/weapon", _page(tasks.weapon), name="task_weapon"),
    path("checks/", _page(tasks.checks), name="checks"),
    path("checks/<uuid:order_id>/", _page(tasks.check), name="check"),
    path("checks/<uuid:order_id>/code", _page(tasks.ask_for_code), name="check_code"),
    path("checks/<uuid:order_id>/enter", _page(tasks.enter_check), name="check_enter"),
    path("checks/<uuid:order_id>/visit", _page(tasks.enter_visit), name="check_visit"),
    path("checks/<uuid:check_id>/her-word", _page(tasks.her_word), name="check_her_word"),
    path("incidents/<uuid:incident_id>/told/<int:escalation_id>", _page(incidents.answer), name="incident_told"),
    path("incidents/<uuid:incident_id>/steps/<slug:step>", _page(incidents.step), name="incident_step"),
    path("incidents/<uuid:incident_id>/<slug:name>", _page(incidents.act), name="incident_act"),
    path("orders/", _page(orders.listing), name="orders"),
    path("orders/new", _page(order_wizard.new), name="order_new"),
    path("orders/waiting", _page(order_waiting.page), name="orders_waiting"),
    path("orders/drafts/<uuid:draft_id>/template", _page(order_wizard.use_template), name="order_template"),
    path("orders/drafts/<uuid:draft_id>/discard", _page(order_wizard.discard), name="order_discard"),
    path("orders/drafts/<uuid:draft_id>/<slug:name>", _page(order_wizard.step), name="order_step"),
    path("orders/proposals/<int:proposal_id>/", _page(order_acts.proposal), name="order_proposal"),
    path("orders/questions/<int:question_id>/", _page(order_acts.question), name="order_question"),
    path("orders/requests/<int:request_id>/<slug:part>", _page(order_acts.reduction), name="order_reduction"),
    path("orders/<uuid:order_id>/", _page(orders.page), name="order"),
    path("orders/<uuid:order_id>/papers/", _page(papers.listing), name="papers"),
    path("orders/<uuid:order_id>/papers/make", _page(papers.make), name="papers_make"),
    path("orders/<uuid:order_id>/papers/sealed", _page(papers.make_sealed), name="papers_sealed"),
    path("orders/<uuid:order_id>/papers/zone", _page(papers.decide_zone), name="papers_zone"),
    path("papers/", _page(papers.served), name="served_papers"),
    path("papers/<uuid:paper_id>/", _page(papers.page), name="paper"),
    path("papers/<uuid:paper_id>/file", _page(papers.take), name="paper_take"),
    path("papers/<uuid:paper_id>/deliver", _page(papers.deliver), name="paper_deliver"),
    path("orders/<uuid:order_id>/vary", _page(order_vary.page), name="order_vary"),
    path("orders/<uuid:order_id>/act/<slug:name>", _page(order_acts.act), name="order_act"),
    path("orders/<uuid:order_id>/access/", _page(case_access.page), name="case_access"),
    path("orders/<uuid:order_id>/access/grant", _page(case_access.grant), name="case_grant"),
    path("orders/<uuid:order_id>/access/conflict", _page(case_access.record_conflict), name="case_conflict"),
    path("orders/<uuid:order_id>/access/<int:grant_id>/withdraw", _page(case_access.withdraw), name="case_withdraw"),
    path("access/", _page(access.page), name="access"),
    path("access/covers/new", _page(access.lend), name="cover_new"),
    path("access/covers/<int:delegation_id>/end", _page(access.take_back), name="cover_end"),
    path("access/emergencies/", _page(access.emergencies), name="emergencies"),
    path("access/emergencies/open", _page(access.break_glass), name="break_glass"),
    path("access/emergencies/<int:glass_id>/", _page(access.emergency), name="emergency"),
    path("access/emergencies/<int:glass_id>/review", _page(access.review), name="emergency_review"),
    re_path(
        r"^access/emergencies/(?P<glass_id>[0-9]{1,18})/(?P<act>confirm|refuse|close)$",
        _page(access.answer),
        name="emergency_answer",
    ),
    path("access/conflicts/", _page(case_access.conflicts), name="conflicts"),
    re_path(
        r"^access/conflicts/(?P<conflict_id>[0-9]{1,18})/(?P<act>agree|disagree|ask|lift)$",
        _page(case_access.decide),
        name="conflict_decide",
    ),
    path("access/review/", _page(access.accounts_due), name="access_review"),
    path("access/review/<int:account_id>", _page(access.review_account), name="account_review"),
    re_path(
        r"^access/removals/(?P<removal_id>[0-9]{1,18})/(?P<act>confirm|decline)$",
        _page(access.answer_removal),
        name="removal_answer",
    ),
    path("looks/", _page(looks.listing), name="looks"),
    path("looks/<int:look_id>/", _page(looks.page), name="look"),
    path("looks/<int:look_id>/take", _page(looks.take), name="look_take"),
    path("looks/<int:look_id>/settle", _page(looks.settle), name="look_settle"),
    path("roster/", _page(roster.page), name="roster"),
    path("roster/plan", _page(roster.plan), name="roster_plan"),
    path("roster/shifts/<int:shift_id>/answer", _page(roster.answer), name="roster_answer"),
    path("roster/shifts/<int:shift_id>/cancel", _page(roster.cancel), name="roster_cancel"),
    path("ways/", _page(ways.page), name="ways"),
    path("ways/add", _page(ways.add), name="way_add"),
    path("ways/browser", _page(ways.add_browser), name="way_browser"),
    path("ways/<uuid:address_id>/confirm", _page(ways.confirm), name="way_confirm"),
    path("ways/<uuid:address_id>/code", _page(ways.code), name="way_code"),
    path("ways/<uuid:address_id>/end", _page(ways.end), name="way_end"),
    path("ways/notices/<uuid:notice_id>/", _page(ways.notice), name="way_notice"),
    path("worker.js", ways.worker, name="worker"),
    path("receipts/sms", ways.sms_receipt, name="sms_receipt"),
    path("accounts/", _page(accounts.listing), name="accounts"),
    path("accounts/new", _page(accounts.create), name="account_new"),
    path("accounts/<int:account_id>/", _page(accounts.page), name="account"),
    path("accounts/<int:account_id>/change", _page(accounts.change), name="account_change"),
    path("accounts/<int:account_id>/second-factor", _page(accounts.remove_factor), name="account_factor"),
    path("accounts/<int:account_id>/password", _page(accounts.password), name="account_password"),
    re_path(
        r"^accounts/(?P<account_id>[0-9]{1,18})/(?P<state>enable|disable)$",
        _page(accounts.switch),
        name="account_switch",
    ),
    path("devices/", _page(devices.listing), name="devices"),
    path("devices/register", _page(devices.register), name="device_register"),
    path("devices/coverage", _page(coverage.page), name="coverage"),
    path("devices/<str:device_id>/", _page(device.page), name="device"),
    path("devices/<str:device_id>/live/<slug:part>", _page(device.live_part), name="device_live"),
    path("devices/<str:device_id>/ask/<slug:kind>", _page(device.ask), name="device_ask"),
    path("devices/<str:device_id>/commands/<int:command>/withdraw", _page(device.withdraw), name="device_withdraw"),
    path("devices/<str:device_id>/urgent", _page(urgent.propose), name="device_urgent"),
    path("devices/<str:device_id>/urgent/<int:urgent>/send", _page(urgent.send), name="device_urgent_send"),
    path("devices/<str:device_id>/checkups", _page(device.start_checkup), name="device_checkup"),
    path("checkups/<uuid:checkup_id>/", _page(device.checkup), name="checkup"),
    path("checkups/<uuid:checkup_id>/live", _page(device.checkup_live), name="checkup_live"),
    path("checkups/<uuid:checkup_id>/steps", _page(device.mark_step), name="checkup_step"),
    path("quarantine/", _page(quarantine.listing), name="quarantine"),
    path("quarantine/release", _page(quarantine.release_all), name="quarantine_release_all"),
    path("quarantine/<int:frame_id>/", _page(quarantine.page), name="quarantined"),
    path("quarantine/<int:frame_id>/look", _page(quarantine.look), name="quarantine_look"),
    path("quarantine/<int:frame_id>/release", _page(quarantine.release), name="quarantine_release"),
    path("quarantine/<int:frame_id>/dismiss", _page(quarantine.dismiss), name="quarantine_dismiss"),
    path("people/", _page(people.listing), name="people"),
    path("people/respondents/new", _page(people.register_respondent), name="respondent_register"),
    path("people/respondents/<uuid:respondent_id>/", _page(people.respondent), name="respondent"),
    path("people/respondents/<uuid:respondent_id>/<slug:what>", _page(people.add), name="respondent_add"),
    path("people/places/<uuid:place_id>/end", _page(people.end_place), name="place_end"),
    path("people/weapons/<uuid:weapon_id>/seized", _page(people.seized), name="weapon_seized"),
    path("people/protected/new", _page(protected.register), name="protected_register"),
    path("people/protected/<uuid:person_id>/", _page(protected.page), name="protected_person"),
    path("people/protected/<uuid:person_id>/looks", _page(protected.looks), name="protected_looks"),
    path("people/protected/<uuid:person_id>/look", _page(vault.look), name="vault_look"),
    path("people/protected/<uuid:person_id>/add/<slug:what>", _page(protected.add), name="protected_add"),
    path("people/rows/<slug:what>/<uuid:row_id>", _page(protected.change), name="protected_change"),
    path("people/children/<uuid:child_id>/with-him", _page(protected.child_with_him), name="child_with_him"),
    path("vault/", _page(vault.page), name="vault"),
    path("vault/requests/<uuid:request_id>/show", _page(vault.show), name="vault_show"),
    path("vault/requests/<uuid:request_id>/answer", _page(vault.answer), name="vault_answer"),
    path("vault/alarms/<int:looker>/clear", _page(vault.clear), name="vault_clear"),
    path("vault/shelters/new", _page(vault.register_shelter), name="shelter_register"),
    path("risk/", _page(risk.proposals), name="risk_proposals"),
    path("risk/proposals/<int:decision>/", _page(risk.answer), name="risk_answer"),
    path("risk/assessments/<uuid:assessment>/", _page(risk.assessment), name="risk_assessment"),
    path("risk/<uuid:respondent>/", _page(risk.trajectory), name="risk"),
    path("risk/<uuid:respondent>/<uuid:protected_person>/assess", _page(risk.assess), name="risk_assess"),
    path("risk/<uuid:respondent>/<uuid:protected_person>/level", _page(risk.set_level), name="risk_set"),
    path("duties/", _page(duties.listing), name="duties"),
    path("duties/<int:duty>/finish", _page(duties.finish), name="duty_finish"),
    path("reports/", _page(reports.listing), name="reports"),
    path("reports/take", _page(report_taking.begin), name="report_take"),
    path("reports/drafts/<uuid:draft_id>/drop", _page(report_taking.drop), name="report_draft_drop"),
    path("reports/drafts/<uuid:draft_id>/<slug:step>", _page(report_taking.draft), name="report_draft"),
    path("reports/<uuid:report_id>/", _page(reports.page), name="report"),
    path("reports/<uuid:report_id>/read", _page(reports.read), name="report_read"),
    path("reports/<uuid:report_id>/paper", _page(reports.paper), name="report_paper"),
    path("reports/<uuid:report_id>/<slug:name>", _page(reports.act), name="report_act"),
    path("digests/", _page(digests.listing), name="digests"),
    path("digests/<day:day>/", _page(digests.page), name="digest"),
    path("digests/<day:day>/sign", _page(digests.sign), name="digest_sign"),
    path("figures/", _page(figures.page), name="figures"),
    path("figures/<slug:name>.csv", _page(figures.table), name="figures_table"),
    path("hand-over/", _page(hand_over.page), name="hand_over"),
    path("hand-over/leave", _page(hand_over.leave), name="hand_over_leave"),
    path("hand-over/<int:hand_over_id>/take", _page(hand_over.take), name="hand_over_take"),
    path("hand-over/incidents/<uuid:incident_id>/take", _page(hand_over.take_incident), name="hand_over_incident"),
    path("outage/", _page(outage.page), name="outage"),
    path("outage/phone", _page(outage.phone), name="outage_phone"),
    path("outage/begin", _page(outage.begin), name="outage_begin"),
    path("outage/list.pdf", _page(outage.take), name="outage_take"),
    path("outage/<uuid:outage_id>/end", _page(outage.end), name="outage_end"),
    path("outage/<uuid:outage_id>/answer", _page(outage.answer), name="outage_answer"),
    path("outage/<uuid:outage_id>/told", _page(outage.told), name="outage_told"),
    path("map/places.json", _page(map_data.places), name="map_places"),
    path("map/orders/<uuid:order_id>/tracks.json", _page(map_data.tracks), name="map_tracks"),
    path("map/coverage.json", _page(coverage.cells), name="map_coverage"),
    path("map/ground.geojson", _page(map_data.ground), name="map_ground"),
    path("language", platform.language, name="language"),
    path("healthz", platform.health, name="healthz"),
    # Served before Django by aralyk.console.asgi; named here so that pages can point to it.
    path("live", failures.not_here, name="live"),
    path("api/v1/", include("aralyk.api.urls")),
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    # allauth's pages point to it; accounts are made, and passwords renewed, by an administrator.
    path("account/signup/", failures.by_administrator, name="account_signup"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
]

handler400 = failures.bad_request
handler403 = failures.forbidden
handler404 = failures.not_found
handler500 = failures.server_error
