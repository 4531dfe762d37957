"""The settings of an account's rules (`ledger.policy.Policy`) as fields of forms, with their help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from ledger.platforms import Platform
from ledger.policy import CHOICES, Policy, PolicyError


@dataclass(frozen=True, slots=True)
class RuleField:
    """One setting.

    Attributes:
        says: What each of its values means, where it has a few only.
        is_special: It matters only on platforms that declare it.
    """

    name: str
    label: str
    hint: str
    says: Mapping[str, str] | None = None
    is_special: bool = False

    @property
    def kind(self) -> str:
        """Return `choice`, `number` or `text`."""
        default = getattr(Policy(), self.name)
        if isinstance(default, bool) or self.name in CHOICES:
            return "choice"
        return "number" if isinstance(default, int) else "text"

    @property
    def options(self) -> Sequence[tuple[str, str]]:
        """Return its values, if it has a few only, with what each means."""
        says = self.says or {}
        return [
            (value, says.get(value) or value.capitalize()) for value in CHOICES.get(self.name, ("no", "yes"))
        ]


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together."""

    title: str
    about: str
    fields: Sequence[RuleField]


def _item(kind: str, label: str, hint: str = "") -> RuleField:
    return RuleField(f"item_{kind}", label, hint or "Internal id of an Other Charge for Sale item.")


MAPPINGS: Final = (
    Group(
        "Orders",
        "How an order of the storefront is recognised in NetSuite.",
        (
            RuleField(
                "order_match",
                "NetSuite field with the order",
                "other_ref_num (PO #), external_id, or the id of a custom body field: custbody_…",
            ),
            RuleField(
                "order_match_value",
                "What that field holds",
                "As your order import writes it.",
                {"id": "The order's id", "name": "The order's name or number"},
            ),
        ),
    ),
    Group(
        "Generic items",
        "NetSuite items that take what is not an item of the order. A refund with a part that has no item "
        "here becomes an error that says so.",
        (
            _item("shipping", "Shipping"),
            _item("tax", "Tax", "Where the tax is a line of its own."),
            _item("duty", "Duties"),
            _item("fee", "Fees"),
            _item("gift_card", "Gift cards"),
            _item("gift_wrap", "Gift wrap"),
            _item("promotion", "Promotions"),
            _item("goodwill", "Goodwill"),
            _item("restocking_fee", "Restocking fees"),
            _item("facilitator_tax", "Tax that the marketplace collects"),
            _item("adjustment_positive", "Adjustment in the buyer's favour"),
            _item("adjustment_negative", "Adjustment in your favour"),
            _item("rounding", "Rounding"),
            RuleField(
                "rounding_tolerance_minor",
                "Largest rounding difference",
                "In minor units, such as cents; what differs by more becomes a discrepancy.",
            ),
            _item("unmatched", "Items whose SKU is not on the order", "Without one, that is an error."),
        ),
    ),
    Group(
        "Records",
        "Where refunds stand. Internal ids; what is empty is left to NetSuite or the storefront.",
        (
            RuleField("location", "NetSuite location of added lines", "Internal id."),
            RuleField("refund_account", "Account that cash refunds are paid from", "Internal id."),
            RuleField(
                "return_location",
                "Storefront location that takes returned goods",
                "The platform's own id of it.",
            ),
        ),
    ),
)
"""Which record stands for what."""

RULES: Final = (
    Group(
        "Review and money",
        "What is looked at before a refund is posted, and in which money.",
        (
            RuleField("review", "Review each refund before it is posted", "Held ones wait for “Post now”."),
            RuleField(
                "currency_mode",
                "Currency of the orders in NetSuite",
                "As your order import writes them.",
                {"shop": "The shop's currency", "presentment": "The buyer's currency"},
            ),
            RuleField(
                "tax_mode",
                "Tax in NetSuite",
                "“Auto” looks at the record that billed the order.",
                {
                    "auto": "Auto",
                    "netsuite": "NetSuite computes it on each line",
                    "line": "It is a line of its own",
                },
            ),
            RuleField(
                "unrequested",
                "Refunds that no request of the buyer stands behind",
                "Which the marketplace shows without saying who asked for them.",
                {"discrepancy": "A person looks at each", "post": "Post them"},
                is_special=True,
            ),
            RuleField(
                "selling_fees",
                "Fees that the marketplace gives back to you",
                "Usually its settlement books them.",
                {"leave": "Leave them to the settlement", "post": "Post them with the refund"},
                is_special=True,
            ),
        ),
    ),
    Group(
        "Returns and restock",
        "What becomes of the goods.",
        (
            RuleField(
                "returns",
                "Return authorizations in NetSuite",
                "A matched one is what the refund is made from.",
                {
                    "match": "Match those there are",
                    "create": "Match, else create one",
                    "off": "Leave them alone",
                },
            ),
            RuleField(
                "returns_before_receipt",
                "Refund before the goods are received",
                "Needs NetSuite's own preference “Refund in Advance of Return”.",
            ),
            RuleField(
                "restock",
                "Restock in the storefront",
                "For refunds that are carried to the storefront.",
                {"never": "Never", "always": "Always", "follow": "As the refund in NetSuite says"},
            ),
        ),
    ),
    Group(
        "In the storefront",
        "For refunds that are carried there.",
        (
            RuleField(
                "refund_method",
                "How money is given back",
                "“Offline” writes down only what was given back elsewhere.",
                {
                    "original": "By the original payment",
                    "store_credit": "As store credit",
                    "offline": "Offline",
                },
            ),
            RuleField("refund_reason", "Reason given", "The platform's own code; empty for its usual one."),
            RuleField("notify_customer", "Tell the customer", "The storefront then sends its usual message."),
        ),
    ),
    Group(
        "Waiting",
        "How many days a refund waits for what is missing before it becomes an error, from 1 to 365.",
        (
            RuleField("order_deadline_days", "For the order to be in NetSuite", "Days."),
            RuleField("billing_deadline_days", "For the order to be billed", "Days."),
            RuleField("money_deadline_days", "For the money to move", "Days."),
            RuleField("return_deadline_days", "For the goods to be received", "Days."),
            RuleField(
                "poll_minutes",
                "Ask the storefront every … minutes",
                "For what no webhook told of; 0 for as often as the installation says.",
            ),
        ),
    ),
)
"""What is done, and when."""


def shown(groups: Sequence[Group], platform: Platform) -> Sequence[Group]:
    """Return the groups with the fields that matter on a platform."""
    rules = platform.declaration.rules
    return [
        Group(
            group.title,
            group.about,
            [field for field in group.fields if not field.is_special or field.name in rules],
        )
        for group in groups
    ]


def text_of(policy: Policy, name: str) -> str:
    """Return a setting as its field holds it."""
    value = getattr(policy, name)
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def read(policy: Policy, sent: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return which of the fields that were sent change something, and what is wrong with which."""
    changed, wrong = {}, {}
    for name, text in sent.items():
        if text == text_of(policy, name):
            continue
        try:
            policy.changed(name, text)
        except PolicyError as error:
            said = str(error).removeprefix(f"{name} ")
            wrong[name] = f"{said[:1].upper()}{said[1:]}."
        else:
            changed[name] = text
    return changed, wrong


def differing(policy: Policy, groups: Sequence[Group]) -> Sequence[tuple[str, str]]:
    """Return the settings that differ from the defaults, as label and value in words."""
    names = {each.name for each in fields(Policy)}
    found = []
    for field in (field for group in groups for field in group.fields if field.name in names):
        text = text_of(policy, field.name)
        if text != text_of(Policy(), field.name):
            found.append(
                (field.label, dict(field.options).get(text, text) if field.kind == "choice" else text)
            )
    return found
