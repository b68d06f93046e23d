"""How a brand wants each rule of capture: off, a warning, or a refusal."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel

from wuma.chain.trace.capturing.judging import set_rule, settings_of
from wuma.chain.trace.capturing.rules import EXPECTED, Rule, Setting
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now

routes: Final = APIRouter(route_class=Endpoint, tags=["EPCIS"])


class RuleView(BaseModel):
    """A rule, what it expects, and what becomes of events that break it."""

    rule: Rule
    expects: str
    setting: Setting


class RuleChoice(BaseModel):
    """What is to become of events that break a rule."""

    setting: Setting


@routes.get("/capture-rules")
@needs("trace.read")
def list_rules(db: Db, actor: Actor) -> list[RuleView]:
    """List the rules that captured events are held against."""
    settings = settings_of(db, actor.tenant_id)
    return [RuleView(rule=rule, expects=EXPECTED[rule], setting=settings[rule]) for rule in Rule]


@routes.put("/capture-rules/{rule}", status_code=204)
@needs("trace.query")
def choose_rule(rule: Rule, body: RuleChoice, db: Db, actor: Actor, now: Now) -> None:
    """Choose what becomes of events that break a rule, from now on."""
    set_rule(db, actor.brand_id, rule, body.setting, actor=actor.actor, now=now)
