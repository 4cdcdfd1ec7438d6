"""The SOAP half of the twin, modelled on the vendor's WSDL and on what public clients rely on."""

from petiole.plugins.canopydeploy.sandbox.soap.api import SoapApi
from petiole.plugins.canopydeploy.sandbox.soap.envelope import write_fault
from petiole.plugins.canopydeploy.sandbox.soap.faults import SoapFault
from petiole.plugins.canopydeploy.sandbox.soap.settings import SoapSettings

__all__ = ["SoapApi", "SoapFault", "SoapSettings", "write_fault"]
