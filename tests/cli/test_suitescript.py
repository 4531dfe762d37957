"""The NetSuite sender: the project that is written, and the scripts in it, run under Node."""

import hashlib
import hmac
import json
import re
import string
import tempfile
import uuid
from collections import Counter
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.suitescript.project import DEFAULT_PREFIX, ProjectRefusedError, Reason, write_project
from tests.support.suitescript import (
    ACCOUNT_ID,
    SECRET,
    SECRET_ID,
    WEBHOOK_URL,
    captured_requests,
    jest_run,
)

RECORD_TYPES = {
    *(
        "CASHREFUND",
        "CASHSALE",
        "CREDITMEMO",
        "CUSTOMERREFUND",
        "INVOICE",
        "RETURNAUTHORIZATION",
        "SALESORDER",
    ),
}
BODY_KEYS = [
    *("id", "type", "recordType", "internalId", "occurredAt", "account"),
    *("externalId", "otherRefNum", "createdFrom", "tranId"),
]

urls = st.builds(
    "https://{}.example/{}?{}".format,
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20),
    st.text(string.ascii_letters + string.digits + "-._~:@!$&'()*+,;=%/", max_size=80),
    st.text(string.ascii_letters + string.digits + "-._~:@!$&'()*+,;=%/?", max_size=80),
)
secret_ids = st.from_regex(r"custsecret_[a-z0-9_]{1,29}", fullmatch=True)
prefixes = st.from_regex(r"[a-z][a-z0-9_]{0,14}[a-z0-9]", fullmatch=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path / "project", webhook_url=WEBHOOK_URL, secret_id=SECRET_ID)
    return tmp_path / "project"


def root_of(file: Path) -> ET.Element:
    return ET.parse(file).getroot()  # noqa: S314 - a file that we wrote ourselves


def objects(project: Path) -> dict[str, ET.Element]:
    """Return the project's SDF objects by the name of their root element."""
    roots = [root_of(file) for file in (project / "src" / "Objects").iterdir()]
    return {root.tag: root for root in roots}


def script_ids(project: Path) -> list[str]:
    elements = [element for root in objects(project).values() for element in root.iter()]
    return [element.attrib["scriptid"] for element in elements if "scriptid" in element.attrib]


def scripts(project: Path) -> dict[str, str]:
    folder = next((project / "src" / "FileCabinet" / "SuiteScripts").iterdir())
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def text_of(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    assert found is not None, f"{element.tag} has no {path}"
    return found


class TestWriteProject:
    @given(url=urls, secret_id=secret_ids, prefix=prefixes)
    def test_every_accepted_input_gives_a_whole_project_that_says_it_back(
        self, url: str, secret_id: str, prefix: str
    ) -> None:
        with tempfile.TemporaryDirectory() as directory:
            target = Path(directory) / "new" / "project"
            written = write_project(target, webhook_url=url, secret_id=secret_id, script_prefix=prefix)
            assert written == sorted(path for path in target.rglob("*") if path.is_file())
            assert not any("{{" in path.read_text(encoding="utf-8") for path in written)
            for path in written:
                if path.suffix == ".xml":
                    root_of(path)
            found = objects(target)
            for kind, count, name in (("usereventscript", 7, "ue"), ("scheduledscript", 1, "ss")):
                deployments = found[kind].findall("scriptdeployments/scriptdeployment")
                assert [text_of(one, f"custscript_{prefix}_{name}_url") for one in deployments] == [
                    url
                ] * count
                secrets = [text_of(one, f"custscript_{prefix}_{name}_secret") for one in deployments]
                assert secrets == [secret_id] * count
            ids = script_ids(target)
            assert len(ids) == len(set(ids))
            assert all(len(one) <= 40 and re.fullmatch(rf"cust[a-z]+_{prefix}_[a-z_]+", one) for one in ids)

    def test_the_project_is_an_account_customization_with_its_parts_in_their_places(
        self, project: Path
    ) -> None:
        assert {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()} == {
            "README.md",
            "suitecloud.config.js",
            "src/manifest.xml",
            "src/deploy.xml",
            "src/FileCabinet/SuiteScripts/refund-sync/delivery.js",
            "src/FileCabinet/SuiteScripts/refund-sync/outbox.js",
            "src/FileCabinet/SuiteScripts/refund-sync/resend.js",
            "src/FileCabinet/SuiteScripts/refund-sync/settings.js",
            "src/FileCabinet/SuiteScripts/refund-sync/user_event.js",
            "src/Objects/customrecord_refund_sync_outbox.xml",
            "src/Objects/customscript_refund_sync_ss.xml",
            "src/Objects/customscript_refund_sync_ue.xml",
        }
        manifest = root_of(project / "src" / "manifest.xml")
        assert manifest.attrib == {"projecttype": "ACCOUNTCUSTOMIZATION"}
        features = {feature.text for feature in manifest.findall("dependencies/features/feature")}
        assert {"SERVERSIDESCRIPTING", "CUSTOMRECORDS"} <= features

    def test_what_is_deployed_exists(self, project: Path) -> None:
        deploy = root_of(project / "src" / "deploy.xml")
        patterns = [path.text or "" for path in deploy.iter("path")]
        assert len(patterns) == 2
        deployed = {
            file for pattern in patterns for file in (project / "src").glob(pattern.removeprefix("~/"))
        }
        assert deployed == {
            file for file in (project / "src").rglob("*") if file.is_file() and file.parent != project / "src"
        }

    def test_objects_are_in_files_of_their_own_name_and_point_at_scripts_that_exist(
        self, project: Path
    ) -> None:
        for file in (project / "src" / "Objects").iterdir():
            root = root_of(file)
            assert root.attrib["scriptid"] == file.stem
            for script in root.iter("scriptfile"):
                assert script.text is not None
                assert (project / "src" / "FileCabinet" / script.text.strip("[]/")).is_file()

    def test_names_are_no_longer_than_netsuite_takes(self, project: Path) -> None:
        for root in objects(project).values():
            for tag in ("name", "recordname"):
                assert all(len(element.text or "") <= 40 for element in root.iter(tag))

    def test_scripts_and_objects_agree_on_every_id(self, project: Path) -> None:
        settings = scripts(project)["settings.js"]
        named = set(re.findall(r"'(cust\w+)'", settings))
        mine = {
            one
            for one in script_ids(project)
            if one.startswith(("custrecord_", "customrecord_", "custscript_"))
        }
        assert named == mine
        others = "".join(text for name, text in scripts(project).items() if name != "settings.js")
        assert not re.findall(rf"cust\w+_{DEFAULT_PREFIX}_\w+", others)

    def test_every_record_type_is_deployed_once_and_runs_for_everybody(self, project: Path) -> None:
        deployments = objects(project)["usereventscript"].findall("scriptdeployments/scriptdeployment")
        assert Counter(text_of(one, "recordtype") for one in deployments) == Counter(RECORD_TYPES)
        for one in deployments:
            assert text_of(one, "status") == "RELEASED"
            assert text_of(one, "isdeployed") == "T"
            assert text_of(one, "allroles") == "T"
            assert text_of(one, "runasrole") == "ADMINISTRATOR"
            assert one.findtext("eventtype") == ""
            contexts = set(text_of(one, "executioncontext").split("|"))
            assert {
                "USERINTERFACE",
                "CSVIMPORT",
                "RESTWEBSERVICES",
                "SCHEDULED",
                "SUITELET",
                "WORKFLOW",
            } <= contexts

    def test_the_outbox_is_looked_at_every_quarter_of_an_hour(self, project: Path) -> None:
        (deployment,) = objects(project)["scheduledscript"].findall("scriptdeployments/scriptdeployment")
        assert text_of(deployment, "status") == "SCHEDULED"
        assert text_of(deployment, "recurrence/daily/everyxdays") == "1"
        assert text_of(deployment, "recurrence/daily/repeat") == "PT15M"
        assert deployment.find("recurrence/daily/enddate") is None

    def test_only_administrators_see_and_change_what_will_be_signed(self, project: Path) -> None:
        outbox = objects(project)["customrecordtype"]
        assert text_of(outbox, "accesstype") == "USEPERMISSIONLIST"
        assert outbox.find("permissions") is None

    def test_scripts_are_suitescript_2_1_and_require_only_what_exists(self, project: Path) -> None:
        kinds = {"user_event.js": "UserEventScript", "resend.js": "ScheduledScript"}
        for name, text in scripts(project).items():
            assert "@NApiVersion 2.1" in text
            assert re.findall(r"@NScriptType (\w+)", text) == ([kinds[name]] if name in kinds else [])
            required = re.findall(r"'(\.[^']*)'", text.split("=>", 1)[0])
            assert all(f"{one.removeprefix('./')}.js" in scripts(project) for one in required)

    def test_an_installation_with_another_prefix_shares_nothing_with_the_first(
        self, project: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        written = write_project(
            other, webhook_url=WEBHOOK_URL, secret_id="custsecret_other", script_prefix="staging_refunds"
        )
        assert not set(script_ids(other)) & set(script_ids(project))
        assert not any(DEFAULT_PREFIX in path.read_text(encoding="utf-8") for path in written)
        assert not any(DEFAULT_PREFIX in str(path.relative_to(other)) for path in written)
        assert (other / "src" / "FileCabinet" / "SuiteScripts" / "staging-refunds").is_dir()


class TestRefusedProjects:
    @pytest.mark.parametrize(
        "url",
        [
            "http://refunds.example.com/webhooks/netsuite/acme",
            "HTTP://refunds.example.com/",
            "ftp://refunds.example.com/",
        ],
    )
    def test_a_webhook_that_is_not_https_is_refused(self, tmp_path: Path, url: str) -> None:
        self.refused(tmp_path, Reason.WEBHOOK_URL_NOT_HTTPS, webhook_url=url)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "https://",
            "https:///webhooks",
            "refunds.example.com/webhooks",
            "//refunds.example.com/",
            "https://user:swordfish@refunds.example.com/",
            "https://@refunds.example.com/",
            "https://refunds.example.com/#top",
            "https://refunds.example.com:0/",
            "https://refunds.example.com:65536/",
            "https://refunds.example.com:port/",
            "https://[::1/",
            "https://refunds.example.com/two words",
            "https://refunds.example.com/\n",
            "https://refunds.example.com/{{secret_id}}",
            "https://refunds.example.com/<b>",
            "https://größe.example/",
            "https://refunds.example.com/" + 280 * "a",
        ],
    )
    def test_a_webhook_that_netsuite_could_not_reach_is_refused(self, tmp_path: Path, url: str) -> None:
        error = self.refused(tmp_path, Reason.WEBHOOK_URL_INVALID, webhook_url=url)
        assert "swordfish" not in str(error)

    @pytest.mark.parametrize(
        "secret_id",
        [
            "",
            "custsecret_",
            "refund_sync",
            "custsecret_Refund",
            "custsecret_refund-sync",
            "custsecret_refund sync",
            "custsecret_refund_sync\n",
            "custsecret_" + 30 * "a",
            "hunter2",
        ],
    )
    def test_what_is_no_script_id_of_a_secret_is_refused_and_not_repeated(
        self, tmp_path: Path, secret_id: str
    ) -> None:
        error = self.refused(tmp_path, Reason.SECRET_ID_INVALID, secret_id=secret_id)
        assert "hunter2" not in str(error)

    @pytest.mark.parametrize(
        "prefix", ["", "a", "1a", "_a", "a_", "Refund", "refund-sync", "a\n", 17 * "a", "../a"]
    )
    def test_a_prefix_that_makes_no_script_ids_is_refused(self, tmp_path: Path, prefix: str) -> None:
        self.refused(tmp_path, Reason.SCRIPT_PREFIX_INVALID, script_prefix=prefix)

    def test_a_file_is_refused_as_target(self, tmp_path: Path) -> None:
        target = tmp_path / "file"
        target.write_text("mine", encoding="utf-8")
        for force in (False, True):
            with pytest.raises(ProjectRefusedError) as refusal:
                write_project(target, webhook_url=WEBHOOK_URL, secret_id=SECRET_ID, force=force)
            assert refusal.value.reason is Reason.TARGET_NOT_A_DIRECTORY
        assert target.read_text(encoding="utf-8") == "mine"

    def test_a_directory_with_anything_in_it_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / ".hidden").touch()
        with pytest.raises(ProjectRefusedError) as refusal:
            write_project(tmp_path, webhook_url=WEBHOOK_URL, secret_id=SECRET_ID)
        assert refusal.value.reason is Reason.TARGET_NOT_EMPTY
        assert [path.name for path in tmp_path.iterdir()] == [".hidden"]

    def test_force_brings_the_project_up_to_date_and_keeps_other_files(self, tmp_path: Path) -> None:
        first = write_project(tmp_path, webhook_url=WEBHOOK_URL, secret_id=SECRET_ID)
        (tmp_path / "project.json").write_text('{"defaultAuthId": "acme"}', encoding="utf-8")
        changed = WEBHOOK_URL + "-2"
        assert write_project(tmp_path, webhook_url=changed, secret_id=SECRET_ID, force=True) == first
        assert (tmp_path / "project.json").read_text(encoding="utf-8") == '{"defaultAuthId": "acme"}'
        parameters = objects(tmp_path)["scheduledscript"].iter(f"custscript_{DEFAULT_PREFIX}_ss_url")
        assert [one.text for one in parameters] == [changed]

    def test_an_empty_directory_is_taken(self, tmp_path: Path) -> None:
        assert write_project(tmp_path, webhook_url=WEBHOOK_URL, secret_id=SECRET_ID)

    def refused(
        self,
        tmp_path: Path,
        reason: Reason,
        *,
        webhook_url: str = WEBHOOK_URL,
        secret_id: str = SECRET_ID,
        script_prefix: str = DEFAULT_PREFIX,
    ) -> ProjectRefusedError:
        target = tmp_path / "project"
        with pytest.raises(ProjectRefusedError) as refusal:
            write_project(target, webhook_url=webhook_url, secret_id=secret_id, script_prefix=script_prefix)
        assert refusal.value.reason is reason
        assert str(refusal.value).endswith(".")
        assert not target.exists()
        return refusal.value


class TestScriptsUnderNode:
    def test_all_their_own_tests_pass_and_none_is_left_out(self) -> None:
        run = jest_run()
        assert run.failures() == []
        assert run.report["success"] is True
        assert run.report["numTotalTestSuites"] == 3
        assert run.report["numPassedTests"] == run.report["numTotalTests"] > 80

    def test_their_lock_file_names_no_registry_and_every_package_by_its_hash(self) -> None:
        lock = json.loads(
            (Path(__file__).parent / "suitescript" / "package-lock.json").read_text(encoding="utf-8")
        )
        packages = {name: package for name, package in lock["packages"].items() if name}
        assert packages
        assert not any("resolved" in package for package in packages.values())
        assert all(package["integrity"].startswith("sha512-") for package in packages.values())

    def test_every_request_bears_the_signature_of_its_exact_bytes(self) -> None:
        for request in captured_requests():
            timestamp = request.headers["X-NS-Timestamp"]
            assert re.fullmatch(r"[1-9][0-9]{9}", timestamp)
            signed = timestamp.encode() + b"." + request.body
            assert (
                request.headers["X-NS-Signature"]
                == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            )
            assert set(request.headers) == {"Content-Type", "X-NS-Timestamp", "X-NS-Signature"}
            assert request.headers["Content-Type"] == "application/json"
            assert request.url == WEBHOOK_URL

    def test_every_body_is_of_the_fixed_format(self) -> None:
        for request in captured_requests():
            assert request.body.isascii()
            pairs = json.loads(request.body, object_pairs_hook=list)
            assert [key for key, _ in pairs] == BODY_KEYS
            body = dict(pairs)
            assert uuid.UUID(body["id"]).version == 4
            assert body["type"] in {"create", "edit", "xedit", "delete"}
            assert body["recordType"].upper() in RECORD_TYPES
            assert body["account"] == ACCOUNT_ID
            assert body["occurredAt"].endswith("Z")
            assert datetime.fromisoformat(body["occurredAt"]).tzinfo is not None
            assert all(value is None or isinstance(value, str) for value in body.values())

    def test_all_four_kinds_of_news_of_all_record_types_are_among_them(self) -> None:
        bodies = [json.loads(request.body) for request in captured_requests()]
        kinds = {(body["recordType"].upper(), body["type"]) for body in bodies}
        assert kinds >= {
            (record, kind) for record in RECORD_TYPES for kind in ("create", "edit", "xedit", "delete")
        }
        assert "Größe ☃ 💶" in {body["otherRefNum"] for body in bodies}

    def test_only_what_was_sent_again_has_an_id_twice(self) -> None:
        *others, first, second = captured_requests()
        assert first.body == second.body
        ids = [json.loads(request.body)["id"] for request in (*others, first)]
        assert len(ids) == len(set(ids))
