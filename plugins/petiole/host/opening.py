"""Open the adapter of a plugin, and close it: a stranger's code, so its troubles become ours.

The words of a foreign error may hold what nobody should read: only its kind and its place are told.
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pydantic import BaseModel

from petiole.core.errors import ConfigurationError, PetioleError
from petiole.hooks import AdapterContext, AnyAdapterSpec, ManifestAdapter

_log = logging.getLogger(__name__)


@contextmanager
def opened(
    declared: ManifestAdapter, spec: AnyAdapterSpec, context: AdapterContext[BaseModel]
) -> Iterator[object]:
    """Open an adapter, whatever it is; closes it on the way out.

    What goes wrong with closing is logged, and changes nothing: the work is done, or has failed
    with an error of its own.

    Raises:
        ConfigurationError: it cannot be opened; names it and the remedy.
    """
    opening, adapter = _entered(declared, spec, context)
    try:
        yield adapter
    except BaseException as error:
        _close(spec, opening, error)
        raise
    _close(spec, opening)


def _entered(
    declared: ManifestAdapter, spec: AnyAdapterSpec, context: AdapterContext[BaseModel]
) -> tuple[AbstractContextManager[object], object]:
    try:
        opening: object = spec.open(context)
        if isinstance(opening, AbstractContextManager):
            return opening, opening.__enter__()
    except ImportError as error:
        remedy = f"install the extra {declared.extra!r}" if declared.extra else "install it"
        raise ConfigurationError(
            f"{spec.id} needs {error.name or 'a library'}; {remedy}"
        ) from error
    except ConfigurationError:
        raise
    except PetioleError as error:
        raise ConfigurationError(f"{spec.id} cannot be opened: {error}") from error
    except (Exception, SystemExit) as error:
        raise ConfigurationError(
            f"{spec.id} cannot be opened: {_kind_and_place(error)}; "
            "mend the connection's settings, or ask the author of the plugin"
        ) from error
    raise ConfigurationError(
        f"{spec.id} cannot be opened: `open` gave a {type(opening).__name__}, no context manager; "
        "its author puts @contextmanager above the function and yields the adapter"
    )


def _close(
    spec: AnyAdapterSpec,
    opening: AbstractContextManager[object],
    error: BaseException | None = None,
) -> None:
    given = (type(error), error, error.__traceback__) if error else (None, None, None)
    try:
        opening.__exit__(*given)
    except (Exception, SystemExit) as trouble:  # noqa: BLE001 - a stranger's code; it is logged
        if trouble is not error:
            _log.warning("%s: closing it failed: %s", spec.id, _kind_and_place(trouble))


def _kind_and_place(error: BaseException) -> str:
    """Tell what kind of error it is, and in which line of whose code it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    place = f"{Path(*Path(last.filename).parts[-2:])}, line {last.lineno}"
    return f"{type(error).__name__} in {place}"
