"""The SOAP interface as data: types and operations of every WSDL version.

Read from `facts.json`, which restates the vendor's WSDL 1.24 with the version that brought each
part. Documented by the vendor for 1.18 and 1.24; what 1.20 to 1.23 hold is known from public
clients. That fields became nillable with 1.20 is assumed (1.18: no, 1.24: yes), and so is the
boolean of `filemanager_makeDir`, whose own type is none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NotRequired, TypedDict

PRIMITIVES = frozenset({"string", "long", "integer", "boolean", "double"})


class _TypeFacts(TypedDict):
    since: NotRequired[str]
    fields: NotRequired[Sequence[str]]
    items: NotRequired[str]


class _OperationFacts(TypedDict):
    since: NotRequired[str]
    arguments: Sequence[str]
    answer: str
    earlier: NotRequired[Mapping[str, str]]


class _Facts(TypedDict):
    namespace: str
    versions: Sequence[str]
    nillable_since: str
    types: Mapping[str, _TypeFacts]
    operations: Mapping[str, _OperationFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One element: an argument, a field, or the repeated item of an array."""

    name: str
    type: str
    nillable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A complex type; an array holds one part any number of times."""

    name: str
    parts: tuple[Part, ...]
    is_array: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An operation; every one takes the token as `uuid` before its own arguments."""

    name: str
    arguments: tuple[Part, ...]
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Everything that one WSDL version offers."""

    version: str
    structures: Mapping[str, Structure]
    signatures: Mapping[str, Signature]


@cache
def interfaces() -> Mapping[str, Interface]:
    """Answer the interface of every version, oldest first."""
    facts = _read()
    return {version: _interface(facts, version) for version in facts["versions"]}


def newest() -> str:
    """Name the version that is meant where none is named."""
    return list(interfaces())[-1]


def namespace(portal: str) -> str:
    """Answer the target namespace of a portal's WSDL, `secure` or `login` (the latter assumed)."""
    return _read()["namespace"].format(portal=portal)


@cache
def _read() -> _Facts:
    facts: _Facts = json.loads(files(__package__).joinpath("facts.json").read_text("utf-8"))
    return facts


def _interface(facts: _Facts, version: str) -> Interface:
    here = facts["versions"].index(version)
    known = frozenset(facts["versions"][: here + 1])
    nillable = facts["nillable_since"] in known

    def offered(since: str | None) -> bool:
        return since is None or since in known

    structures = {
        name: _structure(name, entry, known=known, nillable=nillable)
        for name, entry in facts["types"].items()
        if offered(entry.get("since"))
    }
    signatures = {
        name: _signature(name, entry, known=known)
        for name, entry in facts["operations"].items()
        if offered(entry.get("since"))
    }
    return Interface(version=version, structures=structures, signatures=signatures)


def _structure(name: str, entry: _TypeFacts, *, known: frozenset[str], nillable: bool) -> Structure:
    if "items" in entry:
        part, kind = entry["items"].split()
        repeated = Part(name=part, type=kind, nillable=nillable and kind not in PRIMITIVES)
        return Structure(name=name, parts=(repeated,), is_array=True)
    parts = tuple(
        Part(name=words[0], type=words[1], nillable=nillable)
        for words in map(str.split, entry.get("fields", ()))
        if known.issuperset(words[2:])
    )
    return Structure(name=name, parts=parts, is_array=False)


def _signature(name: str, entry: _OperationFacts, *, known: frozenset[str]) -> Signature:
    arguments = (Part(name=words[0], type=words[1]) for words in map(str.split, entry["arguments"]))
    answer = entry["answer"]
    for changed_in, before in entry.get("earlier", {}).items():
        if changed_in not in known:
            answer = before
    return Signature(name=name, arguments=tuple(arguments), answer=answer)
