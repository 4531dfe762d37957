"""Finds transactions by what they were made from, what they are applied to, and their external ids."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.netsuite.model import Transaction


@dataclass(frozen=True)
class _Keys:
    """Under what a transaction is filed."""

    source: str | None
    external: tuple[str, str] | None
    documents: frozenset[str]


def _keys_of(transaction: Transaction) -> _Keys:
    external_id = transaction.external_id
    return _Keys(
        source=transaction.created_from,
        external=None if external_id is None else (transaction.type.code, external_id),
        documents=frozenset(part.doc for part in transaction.applications),
    )


@dataclass
class Index:
    """The index of one account's saved transactions; each is filed again whenever it was changed."""

    _filed: dict[str, _Keys] = field(default_factory=dict)
    _children: defaultdict[str, dict[str, Transaction]] = field(default_factory=lambda: defaultdict(dict))
    _appliers: defaultdict[str, dict[str, Transaction]] = field(default_factory=lambda: defaultdict(dict))
    _external: dict[tuple[str, str], Transaction] = field(default_factory=dict)

    def put(self, transaction: Transaction) -> None:
        """File a transaction as it is now."""
        self.drop(transaction)
        keys = _keys_of(transaction)
        self._filed[transaction.id] = keys
        if keys.source is not None:
            self._children[keys.source][transaction.id] = transaction
        if keys.external is not None:
            self._external[keys.external] = transaction
        for document in keys.documents:
            self._appliers[document][transaction.id] = transaction

    def drop(self, transaction: Transaction) -> None:
        """Take a transaction out."""
        keys = self._filed.pop(transaction.id, None)
        if keys is None:
            return
        if keys.source is not None:
            del self._children[keys.source][transaction.id]
        if keys.external is not None:
            del self._external[keys.external]
        for document in keys.documents:
            del self._appliers[document][transaction.id]

    def children(self, internal_id: str) -> Iterable[Transaction]:
        """Return the transactions made from one."""
        return self._children.get(internal_id, {}).values()

    def appliers(self, internal_id: str) -> Iterable[Transaction]:
        """Return the transactions applied to one."""
        return self._appliers.get(internal_id, {}).values()

    def by_external_id(self, code: str, external_id: str) -> Transaction | None:
        """Return the transaction of a type with an external id."""
        return self._external.get((code, external_id))
