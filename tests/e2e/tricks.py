"""How the twin is made to give each bad answer that docs/answers.md lists."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

CULPRIT = "11001"
"""The one person that some answers blame."""

SILENT = frozenset({"timeout-before", "timeout-after", "trickle", "trickle-body", "length-over"})
"""The faults that last until the caller's patience ends."""

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
NAMESPACE = "https://secure.myclang.com/app/api/soap/public/index.php"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """How an answer is brought about: by a rule for the twin, or by an address leading elsewhere.

    `scheme`, `host` and `port` replace those of the twin's address.
    """

    rule: Mapping[str, object] | None = None
    scheme: str = "http"
    host: str = ""
    port: str = ""

    @property
    def timeout(self) -> str:
        """Be patient, so that a busy machine is no trouble, unless patience is what is tried."""
        return "500ms" if self.rule and self.rule["fault"] in SILENT else "20s"

    def address(self, usual: str) -> str:
        host, port, path = re.findall(r"http://([^:/]+):(\d+)(.*)", usual)[0]
        return f"{self.scheme}://{self.host or host}:{self.port or port}{path}"


def fault(kind: str, **more: object) -> Trick:
    return Trick(rule={"fault": kind, **more})


def status(number: int, **headers: str) -> Trick:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return fault("status", status=number, headers=told)


def xml(content: str, *, envelope: str = SOAP, **more: object) -> Trick:
    """A document in the place of the answer; nothing is applied unless that is said."""
    body = f'<e:Envelope xmlns:e="{envelope}"><e:Body>{content}</e:Body></e:Envelope>'
    return fault("body", body=body, media="text/xml", **more)


def result(operation: str = "campaign_executeAsync", code: int = 0, told: str = "true") -> str:
    return (
        f'<n:{operation}Response xmlns:n="{NAMESPACE}"><n:code>{code}</n:code>'
        f"<n:msg>{told}</n:msg></n:{operation}Response>"
    )


def entity_bomb() -> Trick:
    """A document of a kilobyte whose last entity is ten billion times as long."""
    layers = ["boom"] + [f"&e{n};" * 10 for n in range(9)]
    entities = "".join(f'<!ENTITY e{n} "{layer}">' for n, layer in enumerate(layers))
    body = f"<!DOCTYPE bomb [{entities}]><bomb>&e9;</bomb>"
    return fault("body", body=body, media="text/xml", applied=True)


PAGE = "<html><body><p>Sorry</p></body></html>"
SOON = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
PAST = "Wed, 21 Oct 2015 07:28:00 GMT"
NEVER = f"Fri, 01 Jan {10**20} 00:00:00 GMT"
OWN_FAULT = "<e:Fault><faultcode>e:Server</faultcode><faultstring>busy</faultstring></e:Fault>"

TRICKS: Mapping[str, Trick] = {
    "has a name that nobody knows": Trick(scheme="https", host="nobody.invalid"),
    "refuses connections": Trick(port="1"),
    "speaks plain HTTP where the address says https": Trick(scheme="https"),
    "speaks TLS where the address says http": fault("tls-alert"),
    "takes the call, forgets it, never answers": fault("timeout-before"),
    "applies the call, never answers": fault("timeout-after"),
    "sends a byte of the headers every 0.3 s": fault("trickle"),
    "sends a byte of the body every 0.3 s": fault("trickle-body"),
    "hangs up instead of applying": fault("cut-before"),
    "applies, then hangs up": fault("cut-after"),
    "hangs up in the middle of the answer": fault("cut-midway"),
    "resets the connection instead of applying": fault("reset-before"),
    "applies, then resets the connection": fault("reset-after"),
    "applies, then closes its direction only": fault("half-closed"),
    "hangs up on the idle connection after answering": fault("idle-close"),
    "promises more bytes than it sends": fault("length-over"),
    "promises fewer bytes than it sends": fault("length-under"),
    "answers with 300 MB": fault("flood"),
    "answers with 300 KB that unpack to 300 MB": fault("gzip-bomb"),
    "does not speak HTTP at all": fault("not-http", applied=True),
    "answers 204": fault("status", status=204, applied=True),
    "answers 200 and nothing else": fault("empty"),
    "answers 200 and an HTML page": fault("html", applied=True),
    "answers 502 and an HTML page": fault("html", status=502, applied=True),
    "answers 200 and half a document": fault("broken-json"),
    "answers JSON of another shape": fault("body", body='{"status":"ok"}', applied=True),
    "leaves a record out of its echo": fault("echo-missing"),
    "echoes a record that was not sent": fault("echo-unknown"),
    "echoes a record twice": fault("echo-twice"),
    "echoes the records in another order": fault("echo-swapped"),
    "marks one record of the echo as refused": fault("reject", identifiers=[CULPRIT]),
    "answers 400 and names nobody": fault("refuse", identifiers=[CULPRIT]),
    "answers a fault that blames the call": fault("soap-fault", contains=CULPRIT),
    "answers such a fault with status 200": fault("soap-fault", status=200, contains=CULPRIT),
    "answers that it did nothing": xml(result(told="false"), contains=CULPRIT),
    "answers a code other than 0": xml(result(code=5, told="no such"), contains=CULPRIT),
    "answers 413": fault("status", status=413, contains=CULPRIT),
    "answers 401": status(401),
    "answers 403": status(403),
    "redirects to a login page": status(302, Location="https://login.example.org/login?next=x"),
    "answers fault 202, the token is unknown": fault("soap-fault", code=202),
    "answers fault 203, no rights": fault("soap-fault", code=203),
    "redirects elsewhere": status(301, Location="https://new.example.org/receiver"),
    "answers 404": status(404),
    "answers 405": status(405),
    "answers 408": fault("status", status=408, applied=True),
    "answers 429 without a word about when": status(429),
    "answers 429, again in 30 seconds": status(429, Retry_After="30"),
    "answers 429, again at a moment": status(429, Retry_After=SOON),
    "answers 429, again at a moment that is past": status(429, Retry_After=PAST),
    "answers 429, again in the year 10^20": status(429, Retry_After=NEVER),
    "answers 429, again in 10^12 seconds": status(429, Retry_After=str(10**12)),
    "answers 429, again in -5 seconds": status(429, Retry_After="-5"),
    "answers 429, again in a moment of no date": status(429, Retry_After="in a while"),
    "answers 429, the day is used up": status(429, X_Clang_Request_Count="50001"),
    "answers 500": status(500),
    "answers a fault of its own": xml(OWN_FAULT, status=500),
    "answers 502": fault("status", status=502, applied=True),
    "answers 503": status(503),
    "answers 503, again in 30 seconds": status(503, Retry_After="30"),
    "answers 504": fault("status", status=504, applied=True),
    "answers a bomb of XML entities": entity_bomb(),
    "answers an HTML page that is XML": fault("body", body=PAGE, media="text/xml", applied=True),
    "answers in an envelope of SOAP 1.2": xml(result(), envelope=SOAP_12, applied=True),
    "answers another call than was made": xml(result("campaign_addMember"), applied=True),
}
