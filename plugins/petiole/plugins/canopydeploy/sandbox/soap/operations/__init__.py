"""Every operation of the interface, one module per object of the platform."""

from petiole.plugins.canopydeploy.sandbox.soap.call import Operation, Operations
from petiole.plugins.canopydeploy.sandbox.soap.operations import (
    campaign,
    customer,
    email,
    group,
    mailing,
    refused,
    resource,
    statistics,
)

BEHAVING: Operations = {
    **campaign.OPERATIONS,
    **customer.OPERATIONS,
    **email.OPERATIONS,
    **group.OPERATIONS,
    **mailing.OPERATIONS,
    **resource.OPERATIONS,
    **statistics.OPERATIONS,
}
"""The operations that do what their name says."""

OPERATIONS: dict[str, Operation] = {**BEHAVING, **refused.OPERATIONS}
"""Those and the refused ones: all that the WSDL names."""
