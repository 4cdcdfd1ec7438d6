"""The Data Model API: tables that a brand defines itself, and their records."""

from petiole.plugins.canopydeploy.sandbox.datamodel.api import MOUNTS, DataModelApi
from petiole.plugins.canopydeploy.sandbox.datamodel.definition import defined, shown
from petiole.plugins.canopydeploy.sandbox.datamodel.model import Model, Table
from petiole.plugins.canopydeploy.sandbox.datamodel.records import Records
from petiole.plugins.canopydeploy.sandbox.datamodel.rows import RowMapping, RowMappings, Rows

__all__ = [
    "MOUNTS",
    "DataModelApi",
    "Model",
    "Records",
    "RowMapping",
    "RowMappings",
    "Rows",
    "Table",
    "defined",
    "shown",
]
