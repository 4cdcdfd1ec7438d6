"""The store app: one push at a time."""

import threading
from collections.abc import Callable

from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.document import Nonsense
from petiole.plugins.canopydeploy.sandbox.happening import happenings
from petiole.plugins.canopydeploy.sandbox.identity import Identities
from petiole.plugins.canopydeploy.sandbox.push.order import Order
from petiole.plugins.canopydeploy.sandbox.push.run import Run
from petiole.plugins.canopydeploy.sandbox.push.script import written
from petiole.plugins.canopydeploy.sandbox.push.wire import Wire


class Sender:
    """Pushes what happened until then, and tells how it goes."""

    def __init__(
        self, *, crm: Crm, identities: Callable[[], Identities], brand_id: Callable[[], int]
    ) -> None:
        self._crm = crm
        self._identities = identities
        self._brand_id = brand_id
        self._guard = threading.Lock()
        self._run: Run | None = None

    def push(self, order: Order) -> None:
        """Begin a push.

        Raises:
            Nonsense: Another one is under way, or there is nothing to push.
        """
        with self._guard:
            if self._run and self._run.account.is_running:
                raise Nonsense("a push is under way; wait for it, or delete it")
            told, _ = happenings(self._crm, mailings=order.mailings)
            script = written(told, identities=self._identities(), order=order)
            if not script.events:
                raise Nonsense("nothing has happened that could be pushed")
            wire = Wire(order, script=script, brand_id=self._brand_id())
            self._run = Run(order, script=script, wire=wire)
            self._run.start()

    @property
    def state(self) -> str:
        """How the last push stands: none, running, done or stopped."""
        with self._guard:
            return self._run.account.state if self._run else "none"

    def shown(self, *, events: bool = False) -> dict[str, object]:
        """Return the account of the last push."""
        with self._guard:
            return self._run.account.shown(events=events) if self._run else {"state": "none"}

    def stop(self) -> None:
        """End a push, if there is one."""
        with self._guard:
            if self._run:
                self._run.stop()
