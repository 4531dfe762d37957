"""`refund-sync setting`."""

from dataclasses import asdict

from ledger import installation as shared
from ledger.installation import Installation as Settings
from tests.cli.installation import Installation


def _stored(installation: Installation) -> Settings:
    with installation.database.read() as session:
        return shared.load(session)


def test_every_setting_is_listed_with_what_is_usual(installation: Installation) -> None:
    assert installation.json("setting", "list") == asdict(Settings())
    lines = installation.run("setting", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(asdict(Settings()))
    assert ["keep_personal_days", "30", "30"] in [line.split() for line in lines]


def test_settings_are_changed_and_written_down_and_made_usual_again(installation: Installation) -> None:
    said = installation.json("setting", "set", "keep_personal_days=14", "retry_seconds=0.5")
    assert (said["keep_personal_days"], said["retry_seconds"]) == (14, 0.5)
    assert _stored(installation) == Settings(keep_personal_days=14, retry_seconds=0.5)
    installation.run("setting", "set", "keep_personal_days=", "retry_seconds=0.5")
    assert _stored(installation) == Settings(retry_seconds=0.5)
    assert installation.audit("installation") == [
        ("set", "retry_seconds: 30 to 0.5, keep_personal_days: 30 to 14"),
        ("set", "keep_personal_days: 14 to 30"),
    ]


def test_nothing_is_changed_if_one_word_is_wrong(installation: Installation) -> None:
    said = installation.refused("setting", "set", "poll_minutes=5", "keep_personal_days=0")
    assert said == "keep_personal_days must be a positive number, not '0'"
    assert "there is no setting 'polls'" in installation.refused("setting", "set", "polls=")
    assert _stored(installation) == Settings()
    assert installation.audit("installation") == []
