import pytest
from tests.adapters.canopydeploy.soap import test_contract as t
from tests.adapters.canopydeploy import test_contract as r
from tests.adapters.canopydeploy.made import TOKEN
class S:
    @pytest.fixture
    def secret(self): return TOKEN
class TestRun(S, t.TestRunSink): pass
class TestMember(S, t.TestMemberSink): pass
class TestHook(S, r.TestWebhookSink): pass
