"""The use cases. Every public function here declares its permission; one that does not, fails at import."""

import importlib
import inspect
import pkgutil

from evidence_api.work import act_of

for _found in pkgutil.iter_modules(__path__):
    if _found.name.startswith("_"):
        continue
    _module = importlib.import_module(f"{__name__}.{_found.name}")
    for _name, _function in inspect.getmembers(_module, inspect.isfunction):
        if not _name.startswith("_") and inspect.unwrap(_function).__module__ == _module.__name__:
            act_of(_function)
