"""`refund-sync suitescript`."""

from pathlib import Path

from tests.cli.installation import Installation

URL = "https://refunds.example.com/webhooks/netsuite/books"


def test_the_project_is_written_and_its_guide_named(installation: Installation) -> None:
    target = installation.home / "sender"

    said = installation.run("suitescript", "--url", URL, "--secret-id", "custsecret_refunds", str(target))

    assert str(target / "README.md") in said.stdout
    assert (target / "src" / "manifest.xml").exists()
    assert URL in "".join(path.read_text() for path in (target / "src" / "Objects").iterdir())


def test_the_files_are_listed_as_json(installation: Installation) -> None:
    target = installation.home / "sender"

    files = installation.json("suitescript", "--url", URL, "--secret-id", "custsecret_refunds", str(target))

    assert sorted(files) == sorted(str(path) for path in target.rglob("*") if path.is_file())


def test_a_refusal_is_one_sentence_and_writes_nothing(installation: Installation) -> None:
    target = installation.home / "sender"
    words = ("suitescript", "--secret-id", "custsecret_refunds", str(target), "--url")

    assert "https" in installation.refused(*words, "http://refunds.example.com/webhooks/netsuite/books")
    assert not target.exists()


def test_files_are_overwritten_only_when_asked(installation: Installation) -> None:
    Path(installation.home / "sender").mkdir()
    installation.file("sender/README.md", "mine")
    words = ("suitescript", "--url", URL, "--secret-id", "custsecret_refunds")

    assert "not empty" in installation.refused(*words, str(installation.home / "sender"))
    installation.run(*words, "--force", "--prefix", "second", str(installation.home / "sender"))

    assert (installation.home / "sender" / "README.md").read_text() != "mine"
