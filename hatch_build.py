"""Put the built page into every wheel and source distribution.

A source distribution carries the built page with its stamp, so installing from one needs no Node.
An editable install (a contributor's) leaves the page to ``make ui``. ``SEGML_UI=skip`` packs
without the page: the service then says how to build it.
"""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page", Path(__file__).parent / "ui" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class PageHook(BuildHookInterface):
    """Builds the page before the files are packed."""

    def dependencies(self) -> list[str]:
        """Return the package that brings Node, where the page must be built and Node is missing."""
        page = _page()
        unneeded = self._skipped() or page.is_built() or page.own_npm()
        return [] if unneeded else [page.NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, unless this install is a contributor's."""
        if version != "editable" and not self._skipped():
            _page().build()

    @staticmethod
    def _skipped() -> bool:
        return os.environ.get("SEGML_UI") == "skip"
