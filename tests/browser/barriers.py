"""Barriers for people with disabilities, as axe-core finds them on the page as it stands."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")


@cache
def _axe() -> str:
    return AXE.read_text()


def find_barriers(page: Page) -> list[str]:
    """Return what is serious or critical, each with the elements concerned."""
    # The page's policy lets no script in; the debugger's door is open.
    page.evaluate(f"() => {{ if (!window.axe) {{ {_axe()} }} }}")
    result: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['impact']}: {found['id']}: {found['help']}: {[node['html'][:160] for node in found['nodes']]}"
        for found in result["violations"]
        if found["impact"] in SERIOUS
    ]
