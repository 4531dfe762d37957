"""What `bench.pages` asks for besides its own: pages that take long by nature, forms, jobs, and exports."""

from collections.abc import Mapping
from typing import Final

EXPORTS: Final[Mapping[str, str]] = {
    "export: errors": "/refunds/export.csv?state=error",
    "export: name begins": "/refunds/export.csv?q=rs-shop-{half}",
}
"""Tables, which hold everything that matches however long that takes; the limit of pages is not theirs."""

SIGNED_OUT: Final = frozenset({"sign in"})
"""Pages for whoever is not signed in; they ask the ledger nothing."""

JOBS: Final = 2000
"""How many jobs wait in the queue that is looked at."""

_NONE: Final = "/refunds?state=posted&reason=ECHO"

MORE: Final[Mapping[str, str]] = {
    "sign in": "/sign-in",
    "me": "/me",
    "further: none of common": f"{_NONE}&far=1",
    "further: none of a year": f"{_NONE}&since=2020-01-01&far=1",
    "further: rare of common": "/refunds?account=small&state=posted&channel=netsuite&type=cash_refund&far=1",
    "further: discrepancies": "/discrepancies?q=rs-shop-1&far=1",
    "act on all: errors": "/refunds/act?action=retry&all=1&next=/refunds%3Fstate%3Derror",
    "act on all: name begins": "/refunds/act?action=retry&all=1&next=/refunds%3Fq%3Drs-shop",
    "act on all: rare of common": (
        "/refunds/act?action=retry&all=1&next=/refunds%3Faccount%3Dsmall%26state%3Ddiscrepancy"
    ),
    "transaction: link anew": "/refunds/{half}/relink",
    "transaction: retrieve, asked": "/refunds/requests/{request}",
    "syncs: pause": "/syncs/storefront/{shop}/pause",
    "settings: account": "/settings/accounts/{shop}",
    "settings: NetSuite accounts": "/settings/netsuite-accounts",
    "settings: NetSuite account": "/settings/netsuite-accounts/{books}",
    "settings: mapping": "/settings/mappings/{shop}",
    "settings: rules": "/settings/rules",
    "settings: rules of one": "/settings/rules/{shop}",
    "settings: user": "/settings/users/{user}",
    "settings: token": "/settings/tokens/{token}/revoke",
    "settings: channel": "/settings/alerts/{channel}",
    "settings: new channel": "/settings/alerts/new/webhook",
    "jobs: list": "/rq/0/view/jobs/{queue}/queued/200/asc/1",
    "jobs: list's rows": "/rq/0/data/jobs/{queue}/queued/200/asc/1.json",
    "jobs: last of a list": "/rq/0/data/jobs/{queue}/queued/200/asc/{last_jobs}.json",
    "jobs: failed": "/rq/0/data/jobs/{queue}/failed/200/dsc/1.json",
    "jobs: queues": "/rq/0/data/queues.json",
    "jobs: workers": "/rq/0/data/workers.json",
}
"""Pages by their names, with what stands for the parts of their addresses."""
