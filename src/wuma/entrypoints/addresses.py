"""Every route the program serves, from every context."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.routing import BaseRoute

from wuma.chain.authenticity.routes import routes as authenticity_routes
from wuma.chain.care.routes import routes as care_routes
from wuma.chain.codes.print_routes import routes as print_routes
from wuma.chain.codes.routes import routes as codes_routes
from wuma.chain.dossier.routes import routes as dossier_routes
from wuma.chain.trace.capturing.capture_routes import api_routes as capture_routes
from wuma.chain.trace.capturing.capture_routes import routes as epcis_capture_routes
from wuma.chain.trace.capturing.rule_routes import routes as capture_rule_routes
from wuma.chain.trace.lives.graph_routes import routes as graph_routes
from wuma.chain.trace.lives.items import routes as item_routes
from wuma.chain.trace.queries.named_query_routes import routes as named_query_routes
from wuma.chain.trace.queries.resource_routes import routes as resource_routes
from wuma.chain.trace.queries.routes import routes as epcis_routes
from wuma.chain.trace.queries.vocabulary_routes import routes as vocabulary_routes
from wuma.chain.trace.sights.sight_routes import routes as sight_routes
from wuma.chain.trace.subscriptions.subscription_routes import api_routes as replay_routes
from wuma.chain.trace.subscriptions.subscription_routes import routes as subscription_routes
from wuma.entrypoints.pages import routes as console_routes
from wuma.journeys.batch_dossier.phone import routes as dossier_page_routes
from wuma.journeys.batch_dossier.routes import routes as batch_dossier_routes
from wuma.journeys.correct_gtin import routes as correction_routes
from wuma.journeys.home import routes as home_routes
from wuma.journeys.resolve_link.routes import routes as link_routes
from wuma.journeys.scan_code.phone import routes as phone_routes
from wuma.journeys.xray_code import routes as xray_routes
from wuma.kernel.auth.routes import routes as account_routes
from wuma.ops.routes import routes as ops_routes
from wuma.support.masterdata.routes import routes as masterdata_routes

API_ROUTES: Final[tuple[APIRouter, ...]] = (
    account_routes,
    codes_routes,
    print_routes,
    item_routes,
    graph_routes,
    dossier_routes,
    batch_dossier_routes,
    capture_routes,
    replay_routes,
    capture_rule_routes,
    authenticity_routes,
    care_routes,
    sight_routes,
    home_routes,
    xray_routes,
    link_routes,
    correction_routes,
    masterdata_routes,
    ops_routes,
)
"""The routes of the platform API, under ``/api/v1``."""

EPCIS_ROUTES: Final[tuple[APIRouter, ...]] = (
    epcis_capture_routes,
    epcis_routes,
    named_query_routes,
    subscription_routes,
    resource_routes,
    vocabulary_routes,
)
"""The routes of the EPCIS standard, under ``/epcis``."""

PAGE_ROUTES: Final[tuple[BaseRoute, ...]] = (*phone_routes, *dossier_page_routes, *console_routes)
"""The routes of pages."""
