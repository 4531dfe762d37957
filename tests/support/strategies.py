"""Hypothesis strategies for what the ledger speaks of."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from ledger import money
from ledger.events import (
    AccountLost,
    Event,
    MoneyState,
    OrderSeen,
    OrderTouched,
    Part,
    PartKind,
    Payment,
    PaymentSeen,
    PersonalDataRequest,
    RecordChanged,
    RefundSeen,
    RequestTouched,
    SubscriptionOffered,
    Unread,
    person_ref_of,
)
from ledger.models import OrderState
from ledger.money import Money

CURRENCIES: Final = ("JPY", "USD", "EUR", "KWD", "CLF")
"""Currencies of 0, 2, 3 and 4 decimals."""

_MOST_MINOR: Final = 10**13

ids = st.text("0123456789", min_size=1, max_size=18)
"""Ids as most platforms make them: digits."""

moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 1, 1)).map(  # noqa: DTZ001 - made aware here
    lambda moment: moment.replace(tzinfo=UTC)
)
"""Aware UTC times."""


def amounts(currency: str) -> st.SearchStrategy[Money]:
    """Return amounts of a currency, negative ones too."""
    decimals = money.exponent(currency)
    return st.integers(-_MOST_MINOR, _MOST_MINOR).map(
        lambda minor: Money.from_minor(minor, currency, decimals)
    )


def parts(currency: str) -> st.SearchStrategy[Part]:
    """Return parts of a refund in a currency."""
    return st.builds(
        Part,
        kind=st.sampled_from(PartKind),
        net=amounts(currency),
        tax=amounts(currency),
        sku=st.text(max_size=20),
        title=st.text(max_size=20),
        quantity=st.integers(0, 99).map(Decimal),
        restock=st.booleans(),
        source_line_id=ids,
    )


def payments(currency: str) -> st.SearchStrategy[Payment]:
    """Return payments of a refund, some without an amount."""
    return st.builds(Payment, id=ids, state=st.sampled_from(MoneyState), amount=st.none() | amounts(currency))


def _refunds_in(currency: str) -> st.SearchStrategy[RefundSeen]:
    return st.builds(
        RefundSeen,
        origin=st.sampled_from(("shopify", "magento", "amazon", "ebay", "netsuite")),
        refund_id=ids,
        order_id=ids,
        order_name=st.text(max_size=10),
        occurred_at=moments,
        currency=st.just(currency),
        parts=st.lists(parts(currency), max_size=4).map(tuple),
        payments=st.lists(payments(currency), max_size=3).map(tuple),
        mark=st.sampled_from(("", "rs-shop-1")),
        record_type=st.sampled_from(("", "cashrefund", "creditmemo")),
        source_location_id=st.sampled_from(("", "905684977")),
        first_hand=st.booleans(),
        requested=st.booleans(),
    )


refunds = st.sampled_from(CURRENCIES).flatmap(_refunds_in)
"""Refunds as their sources show them."""

events: st.SearchStrategy[Event] = st.one_of(
    refunds,
    st.builds(
        OrderSeen, order_id=ids, name=st.text(max_size=10), state=st.sampled_from(OrderState), seen_at=moments
    ),
    st.builds(OrderTouched, order_id=ids, expected_at=st.none() | moments),
    st.builds(
        RequestTouched,
        kind=st.sampled_from(("return", "cancellation", "inquiry", "case")),
        request_id=ids,
    ),
    st.builds(SubscriptionOffered, url=st.text(max_size=40).map("https://sns.example.com/{}".format)),
    st.builds(PaymentSeen, order_id=ids, payment_id=ids, state=st.sampled_from(MoneyState)),
    st.builds(
        RecordChanged,
        record_type=st.sampled_from(("salesorder", "cashsale", "invoice", "creditmemo", "cashrefund")),
        record_id=ids,
        change=st.sampled_from(("create", "edit", "xedit", "delete")),
        external_id=st.text(max_size=20),
        other_ref_num=st.text(max_size=20),
        created_from=st.just("") | ids,
    ),
    st.builds(AccountLost, reason=st.sampled_from(("APP_UNINSTALLED", "SHOP_INACTIVE", "BAD_CREDENTIALS"))),
    st.builds(
        PersonalDataRequest,
        action=st.sampled_from(("report", "erase_orders", "erase_person", "erase_account")),
        order_ids=st.lists(ids, max_size=3).map(tuple),
        person_ref=st.just("") | ids.map(person_ref_of),
    ),
    st.builds(Unread),
)
"""Every event of `ledger.events`."""
