"""The control API under `/_sandbox/`: look inside the twin, script it, reset it.

It takes calls from this machine only and needs no token.

    GET            /            the page for people
    GET            ledger       calls, profiles, history, members, totals; with ?records=1 each
                                record of a call, with ?runs=1 every start of a campaign
    GET            journal      every change as applied, if the setting is on; ?identifier=
    GET POST DELETE faults      {"rules": [{"calls": [3], "fault": "status", "status": 503}, ...]}
    GET POST       settings     {"daily_quota": 100, "latency_ms": 50, "soap": {"polls": 0}, ...}
    GET POST       endpoints    {"name": "spring", "mapping": null | {"key": "identifier"}}: see
                                `mapping`
    GET POST       tables       {"tables": [...]}: see `datamodel.definition`
    GET POST       tokens       {"token": "...", "active": false}
    POST           engage       {"identifiers": ["11000"], "campaign": 4711, "content": "Spring
                                mail", "events": ["open"]}: see `engagements`
    GET POST DELETE push        {"url": "http://127.0.0.1:8090", "site": 1404, "username": "app",
                                "password": "...", "partner_number": 1012}: see `push`; with
                                ?events=1 each event that was sent
    POST           reset        back to the start
"""

import ipaddress
from collections.abc import Callable, Mapping
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox.datamodel import defined, shown
from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense
from petiole.plugins.canopydeploy.sandbox.engagements import engage, read_engagement
from petiole.plugins.canopydeploy.sandbox.exchange import (
    Answer,
    Refusal,
    Request,
    error_answer,
    json_answer,
    text_answer,
)
from petiole.plugins.canopydeploy.sandbox.mapping import mapped
from petiole.plugins.canopydeploy.sandbox.page import page
from petiole.plugins.canopydeploy.sandbox.platform import Platform, State
from petiole.plugins.canopydeploy.sandbox.push import read_order
from petiole.plugins.canopydeploy.sandbox.report import report

MOUNT = "/_sandbox/"

Content = Mapping[str, object]


class Control:
    """Answers control calls about one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._routes: dict[str, dict[str, Callable[[Request], Content]]] = {
            "ledger": {"GET": self._ledger},
            "journal": {"GET": self._journal},
            "faults": {
                "GET": self._faults,
                "POST": self._set_faults,
                "DELETE": self._clear_faults,
            },
            "settings": {"GET": self._settings, "POST": self._change_settings},
            "endpoints": {"GET": self._endpoints, "POST": self._make_endpoint},
            "tables": {"GET": self._tables, "POST": self._define_tables},
            "tokens": {"GET": self._tokens, "POST": self._set_token},
            "engage": {"POST": self._engage},
            "push": {"GET": self._pushed, "POST": self._push, "DELETE": self._stop_push},
            "reset": {"POST": self._reset},
        }

    def answer(self, request: Request) -> Answer:
        """Answer one control call; one that is refused has changed nothing."""
        try:
            return self._answer(request)
        except Nonsense as problem:
            return error_answer(HTTPStatus.BAD_REQUEST, str(problem))
        except Refusal as refusal:
            return refusal.answer

    def _answer(self, request: Request) -> Answer:
        if not ipaddress.ip_address(request.peer.partition("%")[0]).is_loopback:
            raise Refusal(HTTPStatus.FORBIDDEN, "control calls come from this machine only")
        if request.path == MOUNT.rstrip("/"):
            return Answer(status=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": MOUNT})
        name = request.path.removeprefix(MOUNT)
        if not name and request.method in {"GET", "HEAD"}:
            return text_answer(page(self._state), media="text/html")
        if name not in self._routes:
            known = ", ".join(self._routes)
            raise Refusal(HTTPStatus.NOT_FOUND, f"no control {name}; there are {known}")
        methods = self._routes[name]
        if request.method not in methods:
            allow = ", ".join(methods)
            message = f"{name} takes {allow} only"
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": allow})
        return json_answer(methods[request.method](request))

    @property
    def _state(self) -> State:
        return self._platform.state

    def _ledger(self, request: Request) -> Content:
        records, runs = (
            request.query.get(part, "0") not in {"0", ""} for part in ("records", "runs")
        )
        return report(self._state, records=records, runs=runs)

    def _journal(self, request: Request) -> Content:
        wanted = request.query.get("identifier")
        changes = self._state.profiles.journal()
        return {
            "changes": [
                change._asdict() for change in changes if wanted in {None, change.identifier}
            ]
        }

    def _faults(self, _: Request) -> Content:
        return {"rules": self._state.faults.shown()}

    def _set_faults(self, request: Request) -> Content:
        self._state.faults.script(Document.parse(request.body, where="the script"))
        return self._faults(request)

    def _clear_faults(self, request: Request) -> Content:
        self._state.faults.clear()
        return self._faults(request)

    def _settings(self, _: Request) -> Content:
        return self._state.settings.shown()

    def _change_settings(self, request: Request) -> Content:
        self._state.change(Document.parse(request.body, where="the settings"))
        return self._settings(request)

    def _endpoints(self, _: Request) -> Content:
        return {
            "endpoints": {
                name: mapping.shown() if mapping else None
                for name, mapping in self._state.webhooks.all().items()
            }
        }

    def _make_endpoint(self, request: Request) -> Content:
        document = Document.parse(request.body, where="the endpoint")
        name = document.text("name")
        mapping = None
        if not document.missing("mapping"):
            mapping = mapped(document.document("mapping"), model=self._state.datamodel.model)
        document.finish()
        self._state.webhooks.make(name, mapping)
        return self._endpoints(request)

    def _tables(self, _: Request) -> Content:
        return {"tables": [shown(table) for table in self._state.datamodel.model]}

    def _define_tables(self, request: Request) -> Content:
        self._state.datamodel.define(defined(Document.parse(request.body, where="the model")))
        return self._tables(request)

    def _tokens(self, _: Request) -> Content:
        return self._state.access.shown()

    def _set_token(self, request: Request) -> Content:
        document = Document.parse(request.body, where="the token")
        token, active = document.text("token"), document.flag("active", default=True)
        document.finish()
        self._state.access.set(token, active=active)
        return self._tokens(request)

    def _engage(self, request: Request) -> Content:
        document = Document.parse(request.body, where="the engagement")
        return engage(self._state, read_engagement(document))

    def _pushed(self, request: Request) -> Content:
        return self._state.sender.shown(events=request.query.get("events", "0") not in {"0", ""})

    def _push(self, request: Request) -> Content:
        self._state.sender.push(read_order(Document.parse(request.body, where="the push")))
        return self._pushed(request)

    def _stop_push(self, request: Request) -> Content:
        self._state.sender.stop()
        return self._pushed(request)

    def _reset(self, _: Request) -> Content:
        self._platform.reset()
        return {}
