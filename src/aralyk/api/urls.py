"""Addresses of the API, for `include` under "api/v1/"."""

from __future__ import annotations

from django.urls import path, re_path

from aralyk.api import access_routes as access_routes
from aralyk.api import check_routes as check_routes
from aralyk.api import contact_routes as contact_routes
from aralyk.api import device_routes as device_routes  # its addresses join by being imported
from aralyk.api import digest_routes as digest_routes
from aralyk.api import figure_routes as figure_routes
from aralyk.api import incident_routes as incident_routes
from aralyk.api import order_routes as order_routes
from aralyk.api import outage_routes as outage_routes
from aralyk.api import paper_routes as paper_routes  # so do these
from aralyk.api import people_routes as people_routes
from aralyk.api import playbook_routes as playbook_routes
from aralyk.api import quarantine as quarantine  # its routes join the API by being read
from aralyk.api import register_routes as register_routes  # and these
from aralyk.api import report_routes as report_routes
from aralyk.api import risk_routes as risk_routes  # its addresses join by being imported
from aralyk.api import roster_routes as roster_routes
from aralyk.api import task_routes as task_routes
from aralyk.api.door import not_found
from aralyk.api.routes import api as api

urlpatterns = [
    path("", api.urls),
    re_path(r"[\s\S]*", not_found),  # a line break in an address too
]
