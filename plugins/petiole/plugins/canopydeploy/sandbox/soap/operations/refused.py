"""The operations that stand in the WSDL and are no part of the twin.

They answer fault 203, *no rights for this brand or method* (assumed), as an account without the
product would: text messages, the Magento shop, social accounts, files, conversion tracking.
"""

from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operations
from petiole.plugins.canopydeploy.sandbox.soap.facts import interfaces, newest
from petiole.plugins.canopydeploy.sandbox.soap.faults import FaultCode, SoapFault
from petiole.plugins.canopydeploy.sandbox.soap.values import Value

_PREFIXES = ("account_", "conversionTracking_", "filemanager_", "magento", "sms_")


def refuse(call: Call) -> Value:
    """Answer the fault."""
    raise SoapFault(FaultCode.NO_RIGHTS, f"No rights for method [{call.signature.name}]")


OPERATIONS: Operations = {
    name: refuse for name in interfaces()[newest()].signatures if name.startswith(_PREFIXES)
}
