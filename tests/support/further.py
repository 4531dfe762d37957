"""A copy of the code with a further platform: its modules, a line in each registry, and nothing else."""

import shutil
from pathlib import Path
from typing import Final

from tests.support.documents import ROOT

ROOMS: Final = ("cli", "ledger", "sandbox", "webhooks", "workers")
_HERE: Final = Path(__file__).parent / "bazaar"

MODULES: Final = {
    "declaration.py": "ledger/platforms/bazaar.py",
    "source.py": "webhooks/sources/bazaar.py",
    "storefront.py": "workers/platforms/bazaar_storefront.py",
    "platform.py": "sandbox/bazaar.py",
}
"""What a platform is made of, and where it stands."""

REGISTRIES: Final = {
    "ledger/platforms/__init__.py": (
        "from ledger.platforms.bazaar import BAZAAR as _BAZAAR",
        "    EBAY = _EBAY",
        "    BAZAAR = _BAZAAR",
    ),
    "webhooks/sources/__init__.py": (
        "from webhooks.sources.bazaar import Bazaar",
        "    Ebay(),",
        "    Bazaar(),",
    ),
    "workers/platforms/storefronts.py": (
        "from workers.platforms.bazaar_storefront import BazaarStorefront",
        "    Platform.EBAY: EbayStorefront,",
        "    Platform.BAZAAR: BazaarStorefront,",
    ),
    "sandbox/registry.py": (
        "from sandbox.bazaar import BazaarPlatform",
        "    EbayPlatform,",
        "    BazaarPlatform,",
    ),
}
"""Of each registry: the import that comes first, the line that is there, and the line that follows it."""


def further_code(home: Path) -> Path:
    """Write the copy and return where it is."""
    for room in ROOMS:
        # What Python has compiled is good for copies, too: their files are as old as the originals.
        shutil.copytree(ROOT / room, home / room)
    for source, target in MODULES.items():
        assert not (home / target).exists()
        shutil.copy(_HERE / source, home / target)
    for registry, (imported, before, line) in REGISTRIES.items():
        path = home / registry
        lines = path.read_text().split("\n")
        lines.insert(lines.index(before) + 1, line)
        first = next(number for number, text in enumerate(lines) if text.startswith(("from ", "import ")))
        lines.insert(first, imported)
        path.write_text("\n".join(lines))
    return home
