"""The Customer API: the CRM's customers over REST, their fields named in lower case.

Documented by the vendor: creation, and the names of the fields. Assumed: the other URLs, the
statuses, `options` for custom fields, and the shape of the answers.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from petiole.plugins.canopydeploy.sandbox import rest
from petiole.plugins.canopydeploy.sandbox.access import Access
from petiole.plugins.canopydeploy.sandbox.crm import Crm, CrmError, Customer, Draft, NotFound
from petiole.plugins.canopydeploy.sandbox.crm.field import FIELDS
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Refusal, Request, json_answer
from petiole.plugins.canopydeploy.sandbox.settings import Settings

MOUNT = "/app/api/rest/public/v2/customer"

UNNAMED = frozenset({"emailType"})
"""Fields of a customer over SOAP that this API does not name."""

NAMES: Mapping[str, str] = {
    name.replace("alternate", "alt_").lower(): name for name in FIELDS if name not in UNNAMED
}
"""The CRM's name of each field, by its name here."""

IMAGE = "imageurl"

IGNORED = frozenset({"id", IMAGE})
"""Keys that a caller may send and that the platform sets itself."""

SEARCHES: Mapping[str, str] = {"emailaddress": "emailAddress", "externalid": "externalId"}

LONGEST_ID = 18
"""Digits of a customer's id."""

BIRTHDAY = "birthday"


class CustomerApi:
    """Answers calls about the customers of the CRM."""

    def __init__(self, *, access: Access, crm: Crm, settings: Callable[[], Settings]) -> None:
        self._access = access
        self._crm = crm
        self._settings = settings

    def answer(self, request: Request) -> Answer:
        """Answer one call.

        Raises:
            Refusal: Nothing was changed.
        """
        limit = self._settings().size_limit_bytes
        rest.admit(request, access=self._access, size_limit_bytes=limit)
        identity = request.path.removeprefix(MOUNT).strip("/")
        methods: Mapping[str, rest.Handler]
        if identity:
            methods = {
                "GET": lambda: json_answer(_shown(self._crm.customers.get(_number(identity)))),
                "PUT": lambda: self._update(_number(identity), request),
                "DELETE": lambda: self._delete(_number(identity)),
            }
        else:
            methods = {"GET": lambda: self._search(request), "POST": lambda: self._create(request)}
        try:
            return rest.called(methods, request)
        except NotFound:
            raise _missing(identity) from None
        except CrmError as problem:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(problem)) from None

    def _search(self, request: Request) -> Answer:
        wanted = {SEARCHES[key]: text for key, text in request.query.items() if key in SEARCHES}
        found = self._crm.customers.alike(wanted)
        return json_answer([_shown(customer) for customer in rest.paged(found, request)])

    def _create(self, request: Request) -> Answer:
        customer = self._crm.customers.insert(_draft(None, request))
        return json_answer(_shown(customer), status=HTTPStatus.CREATED)

    def _update(self, number: int, request: Request) -> Answer:
        return json_answer(_shown(self._crm.customers.update(_draft(number, request))))

    def _delete(self, number: int) -> Answer:
        if not self._crm.delete_customer(number):
            raise _missing(str(number))
        return Answer(status=HTTPStatus.OK)


def _draft(number: int | None, request: Request) -> Draft:
    content = rest.sent(request)
    options = content.pop("options", {})
    if not isinstance(options, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "options is not a JSON object")
    fields: dict[str, str] = {}
    for key, value in content.items():
        if key in IGNORED:
            continue
        if key not in NAMES:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"there is no field {key}")
        fields[NAMES[key]] = _text(key, value)
    named = {name: _text(f"option {name}", value) for name, value in options.items()}
    return Draft(id=number, fields=fields, options=named)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} is not a string")
    return value


def _shown(customer: Customer) -> dict[str, object]:
    shown: dict[str, object] = {key: customer.text(name) for key, name in NAMES.items()}
    if shown[BIRTHDAY] == FIELDS[BIRTHDAY].default:
        shown[BIRTHDAY] = None
    return {"id": customer.id, **shown, IMAGE: "", "options": dict(customer.options)}


def _number(identity: str) -> int:
    if not identity.isdecimal() or len(identity) > LONGEST_ID:
        raise _missing(identity)
    return int(identity)


def _missing(identity: str) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, f"there is no customer {identity}")
