"""The door of the SOAP half: serves the WSDL, and answers calls."""

from collections.abc import Callable
from urllib.parse import quote

from petiole.plugins.canopydeploy.sandbox.crm import Crm, CrmError
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Note, Request, text_answer
from petiole.plugins.canopydeploy.sandbox.soap.call import Call
from petiole.plugins.canopydeploy.sandbox.soap.decode import read_arguments, read_token
from petiole.plugins.canopydeploy.sandbox.soap.envelope import (
    Invocation,
    read_invocation,
    write_fault,
    write_result,
)
from petiole.plugins.canopydeploy.sandbox.soap.facts import interfaces, newest
from petiole.plugins.canopydeploy.sandbox.soap.faults import (
    FaultCode,
    SoapFault,
    fault_of,
    malformed,
)
from petiole.plugins.canopydeploy.sandbox.soap.operations import OPERATIONS
from petiole.plugins.canopydeploy.sandbox.soap.resources import Resources
from petiole.plugins.canopydeploy.sandbox.soap.settings import SoapSettings
from petiole.plugins.canopydeploy.sandbox.soap.values import Value
from petiole.plugins.canopydeploy.sandbox.soap.wsdl import write_wsdl

DEFAULT_SETTINGS = SoapSettings()
XML = {"Content-Type": "text/xml; charset=utf-8"}
TOO_LARGE = 413


class SoapApi:
    """Answers SOAP requests out of a CRM; any number of threads may call it.

    `authorize` tells whether a token is good. `settings` may be replaced while it runs.
    """

    def __init__(
        self,
        *,
        crm: Crm,
        authorize: Callable[[str], bool],
        settings: SoapSettings = DEFAULT_SETTINGS,
    ) -> None:
        self.settings = settings
        self._crm = crm
        self._authorize = authorize
        self._resources = Resources(now=crm.now)

    def answer(self, request: Request) -> Answer:
        """Answer a request, whatever it is: a WSDL, a result, a fault, or a plain refusal."""
        if request.method == "POST":
            return self._call(request)
        if request.method not in {"GET", "HEAD"}:
            return Answer(status=405, headers={"Allow": "GET, HEAD, POST"})
        if not any(name.lower() == "wsdl" for name in request.query):
            return text_answer("ask for ?wsdl, or post a SOAP 1.1 envelope", status=400)
        return self._wsdl(request)

    def _wsdl(self, request: Request) -> Answer:
        version = request.query.get("version") or newest()
        if version not in interfaces():
            return text_answer(f"unknown version {version}, choose {_choices()}", status=404)
        location = f"http://{request.host}{quote(request.path)}?version={version}&type=literal"
        body = write_wsdl(version, portal=self.settings.portal, location=location)
        return Answer(status=200, headers=XML, body=body)

    def _call(self, request: Request) -> Answer:
        limit = self.settings.size_limit_bytes
        if len(request.body) > limit:
            fault = malformed(f"The request is larger than {limit} bytes")
            return Answer(status=TOO_LARGE, headers=XML, body=write_fault(fault))
        try:
            invocation = read_invocation(request.body)
        except SoapFault as fault:
            return self._fault(fault)
        try:
            return self._run(invocation, version=request.query.get("version") or newest())
        except SoapFault as fault:
            return self._fault(fault, operation=invocation.operation)

    def _run(self, invocation: Invocation, *, version: str) -> Answer:
        interface = interfaces().get(version)
        if interface is None:
            raise malformed(f"Unknown version [{version}], choose {_choices()}")
        signature = interface.signatures.get(invocation.operation)
        if signature is None:
            raise malformed(f"Unknown method [{invocation.operation}] in version {version}")
        settings = self.settings
        token = read_token(invocation.element)
        if not self._authorize(token):
            raise SoapFault(FaultCode.CREDENTIALS, "Invalid token")
        call = Call(
            crm=self._crm,
            resources=self._resources,
            settings=settings,
            token=token,
            signature=signature,
            arguments=read_arguments(
                invocation.element, signature, interface=interface, strict=settings.strict
            ),
        )
        value = self._perform(call)
        body = write_result(invocation, value, answer=signature.answer, interface=interface)
        return Answer(status=200, headers=XML, body=body, note=_note(call))

    def _perform(self, call: Call) -> Value:
        try:
            with self._crm.lock:
                return OPERATIONS[call.signature.name](call)
        except CrmError as refusal:
            raise fault_of(refusal) from refusal

    def _fault(self, fault: SoapFault, *, operation: str | None = None) -> Answer:
        return Answer(
            status=self.settings.fault_status,
            headers=XML,
            body=write_fault(fault),
            note=Note(operation=operation),
        )


def _note(call: Call) -> Note:
    concerned = len(call.changes)
    return Note(
        operation=call.signature.name,
        records=concerned,
        applied=concerned,
        changes=tuple(call.changes),
    )


def _choices() -> str:
    return ", ".join(interfaces())
