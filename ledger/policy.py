"""What an account says about how its refunds are carried: one typed object, validated when it is set.

The account's `settings` column holds what differs from the defaults.
"""

import re
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final, Self

from ledger.events import PartKind

_CUSTOM_FIELD: Final = re.compile(r"custbody_?[a-z0-9_]{1,38}")
_RECORD_ID: Final = re.compile(r"[0-9]{1,18}")
_STANDARD_FIELDS: Final = ("other_ref_num", "external_id")
_LONGEST_WAIT: Final = 365  # days
_LONGEST_POLL: Final = 1440  # minutes; a day
_REFUND_REASON: Final = re.compile(r"[A-Za-z_]{0,60}")
CHOICES: Final = {
    "order_match_value": ("id", "name"),
    "currency_mode": ("shop", "presentment"),
    "tax_mode": ("auto", "netsuite", "line"),
    "returns": ("match", "create", "off"),
    "restock": ("never", "always", "follow"),
    "refund_method": ("original", "store_credit", "offline"),
    "unrequested": ("discrepancy", "post"),
    "selling_fees": ("leave", "post"),
}
"""The values of the settings that have a few only."""


class PolicyError(ValueError):
    """Raised when a setting of an account is refused; the message names the setting and the mend.

    Attributes:
        reason: `unknown_setting` or `bad_value`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Policy:
    """An account's rules.

    Attributes:
        order_match: The NetSuite field that holds the storefront order: `other_ref_num`, `external_id` or the
            id of a custom body field.
        order_match_value: Whether that field holds the storefront order's `id` or `name`.
        currency_mode: Whether NetSuite keeps the orders in the shop's or the buyer's currency.
        tax_mode: Whether NetSuite computes the lines' tax itself (`netsuite`), the tax is a line of its own
            (`line`), or the billed record tells (`auto`).
        returns: Whether return authorizations are matched, also created, or left alone.
        returns_before_receipt: Whether a return may be refunded before its goods are received, which needs
            NetSuite's own preference "Refund in Advance of Return".
        restock: For refunds written to the storefront: never, always, or as the source says.
        return_location: The storefront location that takes returned goods, as the platform's id.
        refund_method: Whether the storefront gives back by the original payment, as store credit, or only
            writes down what was given back elsewhere (`offline`).
        refund_reason: The reason given to the storefront, as its own code; empty for its usual one.
        unrequested: What becomes of a marketplace's refund that no request of the buyer stands behind.
        selling_fees: Whether fees that a marketplace gives back to the seller are left to its settlement, or
            posted with the refund.
        notify_customer: Whether the storefront tells the customer.
        review: Whether a person looks at each refund before it is posted.
        location: NetSuite location of added lines; empty leaves it to NetSuite.
        refund_account: NetSuite account a cash refund is paid from; empty leaves it to NetSuite.
        item_*: NetSuite items (Other Charge for Sale) that take what is not an item of the order.
        item_unmatched: Takes items whose SKU is not on the billed record; empty makes that an error.
        rounding_tolerance_minor: Largest difference, in minor units, that goes to the rounding item.
        poll_minutes: How often the storefront is asked for what no webhook told of; 0 for as often as the
            installation says.
        *_deadline_days: How long a refund waits before it becomes an error.
    """

    order_match: str = "other_ref_num"
    order_match_value: str = "name"
    currency_mode: str = "shop"
    tax_mode: str = "auto"
    returns: str = "match"
    returns_before_receipt: bool = False
    restock: str = "follow"
    return_location: str = ""
    refund_method: str = "original"
    refund_reason: str = ""
    unrequested: str = "discrepancy"
    selling_fees: str = "leave"
    notify_customer: bool = False
    review: bool = False
    location: str = ""
    refund_account: str = ""
    item_shipping: str = ""
    item_adjustment_positive: str = ""
    item_adjustment_negative: str = ""
    item_tax: str = ""
    item_gift_card: str = ""
    item_duty: str = ""
    item_fee: str = ""
    item_gift_wrap: str = ""
    item_promotion: str = ""
    item_goodwill: str = ""
    item_restocking_fee: str = ""
    item_facilitator_tax: str = ""
    item_rounding: str = ""
    item_unmatched: str = ""
    rounding_tolerance_minor: int = 5
    poll_minutes: int = 0
    order_deadline_days: int = 14
    billing_deadline_days: int = 30
    money_deadline_days: int = 30
    return_deadline_days: int = 60

    @classmethod
    def of(cls, settings: dict[str, Any]) -> Self:
        """Return the policy that stored settings make.

        Raises:
            PolicyError: If a stored setting is unknown or of a wrong type.
        """
        policy = cls()
        for name, value in settings.items():
            policy = policy._with(name, value)
        return policy

    def changed(self, name: str, text: str) -> tuple[Self, Any]:
        """Return the policy with one setting changed from text, and the value to store.

        Raises:
            PolicyError: If there is no such setting, or the text is no value of it.
        """
        default = getattr(Policy(), name, None) if name in _NAMES else None
        if default is None:
            raise PolicyError(
                "unknown_setting", f"there is no setting {name!r}; there are: {', '.join(_NAMES)}"
            )
        value = _read(name, text, type(default))
        return self._with(name, value), value

    def _with(self, name: str, value: Any) -> Self:  # noqa: ANN401 - a setting is text, number or switch
        if name not in _NAMES or type(value) is not type(getattr(Policy(), name)):
            raise PolicyError("unknown_setting", f"the stored setting {name!r} is not one this version knows")
        _check(name, value)
        return type(self)(
            **{f.name: value if f.name == name else getattr(self, f.name) for f in fields(self)}
        )

    def generic_item(self, kind: PartKind, *, negative: bool) -> str:
        """Return the setting that names the NetSuite item for a part that is no item of the order."""
        if kind in {PartKind.ADJUSTMENT, PartKind.DIFFERENCE}:
            return "item_adjustment_negative" if negative else "item_adjustment_positive"
        return f"item_{kind.value}"

    def deadline(self, reason: str) -> timedelta:
        """Return how long a refund may wait for this reason."""
        days = {
            "ORDER_NOT_SYNCED": self.order_deadline_days,
            "NOT_BILLED": self.billing_deadline_days,
            "MONEY_PENDING": self.money_deadline_days,
            "OUTCOME_PENDING": self.money_deadline_days,
            "RETURN_NOT_RECEIVED": self.return_deadline_days,
        }
        return timedelta(days=days[reason])


_NAMES: Final = tuple(f.name for f in fields(Policy))


def _read(name: str, text: str, kind: type) -> str | int | bool:
    if kind is bool:
        if text not in {"yes", "no"}:
            raise PolicyError("bad_value", f"{name} must be yes or no, not {text!r}")
        return text == "yes"
    if kind is int:
        if not _RECORD_ID.fullmatch(text):
            raise PolicyError("bad_value", f"{name} must be a whole number, not {text!r}")
        return int(text)
    return text


def _check(name: str, value: str | int | bool) -> None:  # noqa: FBT001 - a setting's value may be a switch
    if name in CHOICES and value not in CHOICES[name]:
        raise PolicyError("bad_value", f"{name} must be one of {', '.join(CHOICES[name])}, not {value!r}")
    if name == "order_match" and value not in _STANDARD_FIELDS and not _CUSTOM_FIELD.fullmatch(str(value)):
        raise PolicyError(
            "bad_value",
            f"order_match must be {' or '.join(_STANDARD_FIELDS)}, or a custbody field, not {value!r}",
        )
    is_record = name.startswith("item_") or name in {"location", "refund_account"}
    if is_record and value and not _RECORD_ID.fullmatch(str(value)):
        raise PolicyError("bad_value", f"{name} must be a NetSuite internal id (digits), not {value!r}")
    if name == "refund_reason" and not _REFUND_REASON.fullmatch(str(value)):
        raise PolicyError("bad_value", f"refund_reason must be a platform's own code, not {value!r}")
    if name == "poll_minutes" and int(value) > _LONGEST_POLL:
        raise PolicyError("bad_value", f"poll_minutes must be at most {_LONGEST_POLL}, not {value}")
    if name.endswith("_deadline_days") and not 1 <= int(value) <= _LONGEST_WAIT:
        raise PolicyError("bad_value", f"{name} must be between 1 and {_LONGEST_WAIT}, not {value}")
