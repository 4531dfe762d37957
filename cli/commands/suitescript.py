"""Writes the NetSuite sender, filled in for one account."""

from pathlib import Path

import click

from cli.output import example, json_option, show_json
from cli.suitescript.project import DEFAULT_PREFIX, write_project


@click.command(
    epilog=example(
        "refund-sync suitescript --url https://refunds.example.com/webhooks/netsuite/books \\",
        "    --secret-id custsecret_refund_sync ./refund-sync-sender",
    )
)
@click.argument("output_dir", type=click.Path(file_okay=False, path_type=Path))
@click.option("--url", required=True, help="The webhook URL that `netsuite add` printed.")
@click.option("--secret-id", required=True, help="Script id of the API secret in NetSuite: custsecret_...")
@click.option(
    "--prefix",
    default=DEFAULT_PREFIX,
    show_default=True,
    help="Begins the script ids, so that two installations can share a NetSuite account.",
)
@click.option("--force", is_flag=True, help="Write into a directory that is not empty, too.")
@json_option
def suitescript(
    *, output_dir: Path, url: str, secret_id: str, prefix: str, force: bool, as_json: bool
) -> None:
    """Write the script that sends NetSuite's webhooks.

    It is a SuiteCloud project, written into OUTPUT_DIR and filled in for one account. The secret itself is
    never in a file: NetSuite keeps it, and the script names it by its id.
    """
    files = write_project(output_dir, webhook_url=url, secret_id=secret_id, script_prefix=prefix, force=force)
    if as_json:
        show_json([str(file) for file in files])
        return
    click.echo(
        f"{len(files)} files written to {output_dir}; {output_dir / 'README.md'} says what comes next."
    )
