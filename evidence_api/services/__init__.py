"""The use cases. Every public function here declares its permission; one that does not, fails at import."""

import importlib
import inspect
import pkgutil
from types import ModuleType

from evidence_api.work import act_of


def check(module: ModuleType) -> None:
    """Raise TypeError for a public function of the module that declares no permission."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if not name.startswith("_") and inspect.unwrap(function).__module__ == module.__name__:
            act_of(function)


for _found in pkgutil.iter_modules(__path__):
    if not _found.name.startswith("_"):
        check(importlib.import_module(f"{__name__}.{_found.name}"))
