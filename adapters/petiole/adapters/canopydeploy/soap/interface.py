"""The platform's SOAP interface as it is shipped with petiole: parsed once in a process.

The vendor's own description makes SOAP libraries fetch a schema from the internet, and its version
1.24 names a type that does not exist. Ours says the same without either, and refers to nothing.
"""

import functools
import io
import logging
import threading
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, NoReturn

from zeep import Settings
from zeep.wsdl import Document
from zeep.wsdl.bindings import Soap11Binding

from petiole.core.errors import ConfigurationError

VERSION = "1.24"

_FILE = f"clang-{VERSION}.wsdl"
_NAMESPACE = "https://{portal}.myclang.com/app/api/soap/public/index.php"
_guard = threading.Lock()
_CHATTER = ("zeep.xsd", "zeep.wsdl")

READING = Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)
"""How XML from the platform is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """The operations in the namespace of one portal."""

    namespace: str
    document: Document

    @property
    def binding(self) -> Soap11Binding:
        """How the operations are bound to HTTP."""
        binding = self.document.bindings[f"{{{self.namespace}}}clangBinding"]
        assert isinstance(binding, Soap11Binding)  # noqa: S101 - the description is our own
        return binding


class Offline:
    """Loads nothing. Stands where zeep looks for what a document refers to."""

    def load(self, url: str) -> NoReturn:
        """Refuse.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(f"the WSDL refers to {url}; nothing is fetched from elsewhere")


def namespace_of(portal: Literal["secure", "login"]) -> str:
    """Name the namespace of a portal. Documented for secure, assumed for login."""
    return _NAMESPACE.format(portal=portal)


def shipped_wsdl(portal: Literal["secure", "login"] = "secure") -> bytes:
    """Return the description that ships with petiole, in the namespace of a portal."""
    shipped = files(__package__).joinpath(_FILE).read_bytes()
    return shipped.replace(namespace_of("secure").encode(), namespace_of(portal).encode())


def interface(portal: Literal["secure", "login"] = "secure") -> Interface:
    """Return the parsed interface; threads that ask at the same time pay once."""
    with _guard:
        return _parsed(portal)


@functools.cache
def _parsed(portal: Literal["secure", "login"]) -> Interface:
    return Interface(namespace=namespace_of(portal), document=parse(shipped_wsdl(portal)))


def parse(wsdl: bytes) -> Document:
    """Parse a description without looking anything up.

    Raises:
        ConfigurationError: it refers to another document.
        zeep.exceptions.Error: it has a document type declaration, or is none of a SOAP interface.
    """
    _quieten()
    return Document(io.BytesIO(wsdl), Offline(), base=_FILE, settings=READING)  # type: ignore[arg-type] # zeep says the class, and means one of its kind


def _quieten() -> None:
    """Spare debug logs some 650 lines on each type of the description; who set a level keeps it."""
    for name in _CHATTER:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
