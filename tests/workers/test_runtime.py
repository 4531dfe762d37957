"""What a worker process keeps."""

from ledger import installation
from ledger.settings import Settings
from workers.runtime import Runtime


def test_settings_of_the_installation_are_read_again_after_a_while(worker_settings: Settings) -> None:
    quick, slow = Runtime(worker_settings, fresh=0), Runtime(worker_settings)
    try:
        seen = [runtime.installation.keep_personal_days for runtime in (quick, slow)]
        with quick.database.write() as session:
            installation.store(session, "keep_personal_days", "14")
        seen += [runtime.installation.keep_personal_days for runtime in (quick, slow)]
    finally:
        for runtime in (quick, slow):
            runtime.database.dispose()
    assert seen == [30, 30, 14, 30]
