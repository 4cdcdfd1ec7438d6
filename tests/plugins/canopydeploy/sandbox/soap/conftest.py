from pathlib import Path

import pytest

from tests.plugins.canopydeploy.sandbox.soap.caller import Caller
from tests.repository import ROOT


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture(scope="session")
def shared_protocol() -> Path:
    """Find the recorded interface, which lies beside the repository and never in it."""
    folder = ROOT.parent / "shared" / "protocol"
    if not folder.is_dir():
        pytest.skip("the recorded WSDL lies beside the repository, and is not here")
    return folder
