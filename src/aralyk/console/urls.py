"""Every address of the console. Pages ask for a log-in here, in one place; fragments are their pages' own parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import include, path, re_path
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
    failures,
    incidents,
    map_data,
    orders,
    platform,
    quarantine,
    report_taking,
    reports,
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


urlpatterns = [
    path("", _page(desk.page), name="desk"),
    path("desk/rows", _page(desk.rows), name="desk_rows"),
    path("strip", _page(platform.strip), name="strip"),
    path("incidents/shown", _page(incidents.shown), name="incidents_shown"),
    path("incidents/<uuid:incident_id>/", _page(incidents.page), name="incident"),
    path("incidents/<uuid:incident_id>/peek", _page(incidents.peek), name="incident_peek"),
    path("incidents/<uuid:incident_id>/live/<slug:part>", _page(incidents.live_part), name="incident_live"),
    path("incidents/<uuid:incident_id>/acknowledge", _page(incidents.acknowledge), name="incident_acknowledge"),
    path("incidents/<uuid:incident_id>/note", _page(incidents.note), name="incident_note"),
    path("incidents/<uuid:incident_id>/close", _page(incidents.close), name="incident_close"),
    path("incidents/<uuid:incident_id>/bundle", _page(incidents.bundle), name="incident_bundle"),
    path("orders/", _page(orders.listing), name="orders"),
    path("orders/<uuid:order_id>/", _page(orders.page), name="order"),
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
    path("accounts/", _page(accounts.listing), name="accounts"),
    path("accounts/new", _page(accounts.create), name="account_new"),
    path("accounts/<int:account_id>/", _page(accounts.page), name="account"),
    path("accounts/<int:account_id>/change", _page(accounts.change), name="account_change"),
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
    path("reports/", _page(reports.listing), name="reports"),
    path("reports/take", _page(report_taking.begin), name="report_take"),
    path("reports/drafts/<uuid:draft_id>/drop", _page(report_taking.drop), name="report_draft_drop"),
    path("reports/drafts/<uuid:draft_id>/<slug:step>", _page(report_taking.draft), name="report_draft"),
    path("reports/<uuid:report_id>/", _page(reports.page), name="report"),
    path("reports/<uuid:report_id>/read", _page(reports.read), name="report_read"),
    path("reports/<uuid:report_id>/paper", _page(reports.paper), name="report_paper"),
    path("reports/<uuid:report_id>/<slug:name>", _page(reports.act), name="report_act"),
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
