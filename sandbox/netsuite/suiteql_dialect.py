"""Turns SuiteQL into the SQL of the sandbox's database, and refuses what NetSuite would refuse.

SuiteQL is Oracle's SQL with NetSuite's tables and ``BUILTIN`` functions; see
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
What the sandbox does not know it refuses too, rather than guess.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

UNSUPPORTED: Final = "Search error occurred: Invalid or unsupported search"

TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"[^"]+")
  | (?P<number>\d+(?:\.\d+)?|\.\d+)
  | (?P<word>[A-Za-z_][A-Za-z0-9_$\#]*)
  | (?P<mark>\|\||<>|!=|<=|>=|[(),.*+\-/<>=?])
    """,
    re.VERBOSE,
)

FUNCTIONS: Final = {
    name: name
    for name in [
        "abs",
        "avg",
        "coalesce",
        "count",
        "instr",
        "length",
        "lower",
        "ltrim",
        "max",
        "min",
        "nullif",
        "replace",
        "round",
        "rtrim",
        "substr",
        "sum",
        "trim",
        "upper",
        "row_number",
        "rank",
        "dense_rank",
    ]
} | {
    "to_date": "ns_to_date",
    "to_timestamp": "ns_to_date",
    "to_char": "ns_to_char",
    "to_number": "ns_to_number",
    "trunc": "ns_trunc",
    "decode": "ns_decode",
    "nvl": "coalesce",
    "nvl2": "ns_nvl2",
    "concat": "ns_concat",
    "greatest": "max",
    "least": "min",
    "mod": "ns_mod",
}
BEFORE_BRACKET: Final = frozenset(
    [
        "in",
        "exists",
        "and",
        "or",
        "not",
        "as",
        "on",
        "when",
        "then",
        "else",
        "case",
        "select",
        "from",
        "where",
        "having",
        "by",
        "over",
        "union",
        "all",
        "any",
        "between",
        "like",
        "values",
        "with",
        "distinct",
        "join",
        "partition",
    ]
)
REFUSED: Final = frozenset(
    [
        "limit",
        "offset",
        "insert",
        "update",
        "delete",
        "drop",
        "create",
        "alter",
        "attach",
        "detach",
        "pragma",
        "replace_into",
        "vacuum",
        "returning",
        "glob",
        "regexp",
        "isnull",
        "notnull",
        "true",
        "false",
        "rownum",
        "into",
        "begin",
        "commit",
        "rollback",
        "grant",
        "merge",
        "explain",
    ]
)
CONSTANTS: Final = {"sysdate": "ns_now()", "current_date": "ns_now()", "current_timestamp": "ns_now()"}


class SuiteQLError(Exception):
    """A query that cannot be run; its message is what NetSuite says of it.

    Attributes:
        reason: Machine-readable reason, always ``suiteql``.
    """

    reason = "suiteql"


@dataclass(frozen=True)
class Token:
    """A token: its kind (a group of ``TOKEN``) and its text; words also in lower case."""

    kind: str
    text: str

    @property
    def low(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    def is_word(self, *words: str) -> bool:
        """Tell whether it is one of some unquoted words."""
        return self.kind == "word" and self.low in words

    def is_mark(self, mark: str) -> bool:
        """Tell whether it is a punctuation mark."""
        return self.kind == "mark" and self.text == mark


END: Final = Token("end", "")


def tokens_of(query: str) -> list[Token]:
    """Split a query into its tokens, white space left out.

    Raises:
        SuiteQLError: There is something in it that SuiteQL does not have, such as a semicolon.
    """
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = TOKEN.match(query, at)
        if match is None:
            raise SuiteQLError(UNSUPPORTED)
        at = match.end()
        if match.lastgroup is not None and match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group()))
    return found


def translate(query: str) -> str:
    """Return a query in the database's own SQL.

    Args:
        query: A SuiteQL query.

    Raises:
        SuiteQLError: It is not a query, or uses what SuiteQL does not have.
    """
    tokens = tokens_of(query)
    opening = next((token for token in tokens if not token.is_mark("(")), END)
    if not opening.is_word("select", "with"):
        raise SuiteQLError(UNSUPPORTED)
    return " ".join(_Translation(tokens).run())


class _Translation:
    """One pass over a query's tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._aliases = {
            token.text.lower()
            for before, token in itertools.pairwise(tokens)
            if token.kind == "quoted" and before.is_word("as")
        }

    def run(self) -> list[str]:
        written: list[str] = []
        while self._at < len(self._tokens):
            written.append(self._next())
        return written

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if 0 <= at < len(self._tokens) else END

    def _next(self) -> str:
        token = self._peek()
        if token.is_word("builtin"):
            return self._builtin()
        if token.is_word("fetch"):
            return self._fetch()
        self._at += 1
        return self._word(token) if token.kind == "word" else self._other(token)

    def _other(self, token: Token) -> str:
        """Write what is no word; a quoted name must be one the query itself gives."""
        if token.kind == "quoted" and token.text.lower() not in self._aliases:
            raise SuiteQLError(f"Search error occurred: Unknown identifier '{token.text.strip(chr(34))}'")
        return token.text

    def _word(self, token: Token) -> str:
        """Write a keyword, a name or the name of a function; it has just been passed."""
        if not self._peek(-2).is_mark("."):
            if token.low in REFUSED:
                raise SuiteQLError(UNSUPPORTED)
            if self._peek().is_mark("("):
                return self._call(token)
            if token.low in CONSTANTS:
                return CONSTANTS[token.low]
        return '"transaction"' if token.low == "transaction" else token.text

    def _call(self, token: Token) -> str:
        """Write a function's name, if SuiteQL has that function."""
        if token.low in BEFORE_BRACKET or self._peek(-2).is_word("with"):
            return token.text
        if token.low not in FUNCTIONS:
            raise SuiteQLError(f"{UNSUPPORTED}: function {token.text}")
        return FUNCTIONS[token.low]

    def _builtin(self) -> str:
        """Write ``BUILTIN.DF(column)``: a column's display value."""
        dot, name, bracket = (self._peek(ahead) for ahead in (1, 2, 3))
        if not (dot.is_mark(".") and name.is_word("df") and bracket.is_mark("(")):
            raise SuiteQLError(f"{UNSUPPORTED}: BUILTIN.{name.text}")
        self._at += 4
        path: list[Token] = []
        while not self._peek().is_mark(")"):
            if self._peek() is END:
                raise SuiteQLError(UNSUPPORTED)
            path.append(self._peek())
            self._at += 1
        self._at += 1
        words = [token for token in path if token.kind == "word"]
        if not words or len(path) != 2 * len(words) - 1:
            raise SuiteQLError(UNSUPPORTED)
        names = ['"transaction"' if token.low == "transaction" else token.text for token in words]
        column, owner = words[-1].low, [*names[:-1]]
        kind = ".".join([*owner, "type"]) if column == "status" else "NULL"
        return f"ns_df('{column}', {kind}, {'.'.join(names)})"

    def _fetch(self) -> str:
        """Write ``FETCH FIRST n ROWS ONLY``."""
        first, number, rows, only = (self._peek(ahead) for ahead in (1, 2, 3, 4))
        if not (
            first.is_word("first", "next")
            and number.kind == "number"
            and rows.is_word("row", "rows")
            and only.is_word("only")
        ):
            raise SuiteQLError(UNSUPPORTED)
        self._at += 5
        return f"LIMIT {number.text}"
