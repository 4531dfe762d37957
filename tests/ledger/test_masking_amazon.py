import pytest

from ledger.masking import masked_body, masked_url

SIGNED = (
    "https://tortuga-prod-na.s3-external-1.amazonaws.com/doc?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Security-Token=IQoJb3JpZ2lu%2FsEcRet%2B&X-Amz-Signature=0123456789abcdef&X-Amz-Expires=300"
)


def test_an_address_signed_in_advance_is_no_use_to_who_reads_the_journal() -> None:
    for shown in (
        masked_url(SIGNED),
        masked_body(f'{{"feedDocumentId":"amzn1.tortuga.4","url":"{SIGNED}"}}'),
    ):
        assert "0123456789abcdef" not in shown
        assert "sEcRet" not in shown
        assert "X-Amz-Expires=300" in shown
        assert "tortuga" in shown


@pytest.mark.parametrize(
    "secret",
    ["Atza|IwEBIA0-_./+=abc", "Atzr|IwEBIA0abc", "amzn1.oa2-cs.v1.0123456789abcdef"],
)
def test_amazons_tokens_and_secrets_are_masked_wherever_they_stand(secret: str) -> None:
    assert masked_body(f"said: {secret} ...") == "said: *** ..."
    assert secret not in masked_body(f'{{"message":"{secret}"}}')


def test_a_token_request_is_masked() -> None:
    form = "grant_type=refresh_token&refresh_token=Atzr%7Cabc&client_id=amzn1.app&client_secret=s3cr3t"
    shown = masked_body(form)
    assert "s3cr3t" not in shown
    assert "abc" not in shown
    assert "grant_type=refresh_token" in shown


def test_a_confirmations_token_is_masked() -> None:
    url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=0123456789"
    assert "0123456789" not in masked_url(url)


def test_of_what_is_no_text_only_the_length_is_kept() -> None:
    assert masked_body("\x1f\x8b\x00\x00abc") == "(7 characters)"
