"""What clients of platforms remember for as long as a process lives: its tests are as many processes."""

import sys

_PLATFORMS = "workers.platforms."
_REMEMBERED = ("_tokens", "_budgets")


def forget_remembered() -> None:
    """Forget tokens, and what is left of limits.

    A port that is free may be one that an earlier test's server had; who has a token for that address
    fetches none, and a server that expects to be asked for one first is asked for something else.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith(_PLATFORMS):
            for each in _REMEMBERED:
                found = getattr(module, each, None)
                if found is not None:
                    getattr(found, each, found).clear()
