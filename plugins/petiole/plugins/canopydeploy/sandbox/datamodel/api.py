"""The Data Model API over HTTP: the resource tree below `/dataextension`.

Documented by the vendor: URLs, methods, the shape of a record, `X-Resource`, the error header.
Assumed: nearly every status, and lists with `limit`, `offset` and `filter[column]`.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox import rest
from petiole.plugins.canopydeploy.sandbox.access import Access
from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.datamodel.description import described
from petiole.plugins.canopydeploy.sandbox.datamodel.kind import Misfit
from petiole.plugins.canopydeploy.sandbox.datamodel.model import CUSTOMER, SERVED, Model, Table
from petiole.plugins.canopydeploy.sandbox.datamodel.records import Record, Records
from petiole.plugins.canopydeploy.sandbox.datamodel.tree import Target, Tree, missing
from petiole.plugins.canopydeploy.sandbox.exchange import (
    Answer,
    Refusal,
    Request,
    json_answer,
    text_answer,
)
from petiole.plugins.canopydeploy.sandbox.settings import Settings

MOUNTS = ("/dataextension", "/app/api/rest/public/v2/dataextension")

FILTER = re.compile(r"filter\[(.+)\]")


class DataModelApi:
    """Answers calls about the brand's tables."""

    def __init__(
        self, *, access: Access, crm: Crm, records: Records, settings: Callable[[], Settings]
    ) -> None:
        self._access = access
        self._records = records
        self._settings = settings
        self._tree = Tree(crm=crm, records=records)

    @property
    def model(self) -> Model:
        """The tables that there are."""
        return self._tree.model

    def define(self, model: Model) -> None:
        """Put another model in place; records of tables that are gone cannot be reached."""
        self._tree.model = model

    def counts(self) -> Mapping[str, int]:
        """Return how many records there are of each table that has any."""
        return self._tree.counts()

    def answer(self, request: Request) -> Answer:
        """Answer one call.

        Raises:
            Refusal: Nothing was changed.
        """
        limit = self._settings().size_limit_bytes
        rest.admit(request, access=self._access, size_limit_bytes=limit)
        mount = next(each for each in MOUNTS if request.path.startswith(each))
        segments = [each for each in request.path.removeprefix(mount).split("/") if each]
        if not segments:
            return self._describe(request)
        target = self._tree.target(segments)
        if target.identity is None:
            methods: dict[str, rest.Handler] = {
                "GET": lambda: self._list(target, request),
                "POST": lambda: self._insert(target, request),
            }
        else:
            methods = {
                "GET": lambda: json_answer(self._tree.record(target)),
                "PUT": lambda: self._update(target, request),
                "DELETE": lambda: self._delete(target),
            }
        if target.table.name == CUSTOMER:
            methods = {"GET": methods["GET"]}
        return rest.called(methods, request)

    def _describe(self, request: Request) -> Answer:
        if request.method == "GET" and request.query.get("format") == "html":
            return text_answer(described(self.model), media="text/html")
        names = [table.name for table in self.model]
        return rest.called({"GET": lambda: json_answer(names)}, request)

    def _list(self, target: Target, request: Request) -> Answer:
        records = self._tree.collection(target)
        for key, wanted in request.query.items():
            if found := FILTER.fullmatch(key):
                name = found[1]
                if name not in target.table.columns:
                    raise _unknown(name)
                records = [each for each in records if _text(each[name]) == wanted]
        return json_answer(rest.paged(records, request))

    def _insert(self, target: Target, request: Request) -> Answer:
        values = self._stored(target.table, rest.sent(request))
        identity = self._records.insert(target.place, target.table, values)
        resource = f"http://{request.host}{request.path.rstrip('/')}/{identity}?format=json"
        return Answer(status=HTTPStatus.CREATED, headers={"X-Resource": resource})

    def _update(self, target: Target, request: Request) -> Answer:
        values = self._stored(target.table, rest.sent(request))
        if not self._records.update(target.place, target.identity or "", values):
            raise missing(target)
        return Answer(status=HTTPStatus.OK)

    def _delete(self, target: Target) -> Answer:
        if not self._records.delete(target.place, target.identity or ""):
            raise missing(target)
        return Answer(status=HTTPStatus.OK)

    def _stored(self, table: Table, values: Record) -> Record:
        """Return what a record's columns will hold; the platform's own fields are ignored."""
        own = {name: value for name, value in values.items() if not name.startswith(SERVED)}
        for name in own:
            if name not in table.columns:
                raise _unknown(name)
        try:
            return table.stored(own, now=self._records.now())
        except Misfit as problem:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(problem)) from None


def _unknown(name: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, f"there is no column {name}")


def _text(value: object) -> str:
    """Write a value as a filter does."""
    return str(value).lower() if isinstance(value, bool) else str(value)
