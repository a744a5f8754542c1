"""Makes dump.sql.gz, checkpoints.jsonl and expected.json beside this folder with the code of commit cd82804.

Not part of any test run. In a checkout of that commit, with its own .venv (`pip install --no-deps -r requirements.txt
-r requirements-dev.txt` where a newer pip refuses the extra of its coverage):

    PYTHONPATH=. .venv/bin/python .../tests/upgrade/making

What people and staff do goes through the webhook, services, commands and tasks of that commit; nothing is written past
them. Domain times are always the same, identifiers of events and salts are not: a new dump needs its new expected.json.
"""

import gzip
import os
import subprocess
import sys
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import tests.servers as environment

# Acts of commands are recorded under the name of whoever ran them.
os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "LOGNAME": "operator", "USER": "operator"}

import django

django.setup()

HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Tell the story in a database of its own, then write the three files."""
    from django.conf import settings
    from django.core.management import call_command

    from diana.sandbox.running import running_sandbox

    servers = environment.servers
    servers.make_template()
    servers.valkey.start()
    settings.ALLOWED_HOSTS = ["*"]
    call_command("release", stdout=StringIO())
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(settings.TELEGRAM_BOT_TOKEN))
        settings.TELEGRAM_API_URL = sandbox.url
        gift_code = tell(sandbox)
    import expected

    expected.write(HERE / "expected.json", gift_code=gift_code)
    (HERE / "checkpoints.jsonl").write_bytes(Path(settings.LEDGER_CHECKPOINTS).read_bytes())
    write_dump(servers.url(environment.OWNER, environment.TEMPLATE))


def tell(sandbox: object) -> str:
    """Let forty days pass, with the modules that can be imported once Django is set up; return a gift's code."""
    import ends
    import playing
    import vip
    import world

    calendar = world.take_over()
    playing.play(sandbox, calendar)
    vip.buy(sandbox, 20, "vip_monthly")
    ends.ask_to_be_forgotten(sandbox, 20)
    calendar.go_to(world.END - 10 * vip.DAY)
    vip.refund_earlier_purchases(sandbox)
    vip.refund_subscriptions(sandbox)
    vip.have_ordinary_vip(sandbox, calendar)
    gift_code = vip.buy_a_gift(sandbox, 32)
    vip.pay_for_somebody_else(sandbox)
    playing.correct(calendar)
    while calendar.now() < world.END - 3 * vip.DAY:
        world.end_of_day(calendar)
        playing.go_on()
    ends.ask_to_be_forgotten(sandbox, 19)
    while calendar.now() < world.END - vip.DAY:
        world.end_of_day(calendar)
        playing.go_on()
    playing.ask_for_a_second_person()
    calendar.go_to(world.END - vip.DAY / 8)
    world.work_of_beat(calendar)
    ends.check_departures()
    ends.leave_unfinished_work(sandbox, calendar)
    return gift_code


def write_dump(url: str) -> None:
    """Dump the database as its owner, with the rights of the application's role, compressed without a time of its own."""
    from diana.local.postgres import binary

    command = [binary("pg_dump"), "--no-owner", "--no-comments", url]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    # Tokens against injected meta-commands are new in each dump; servers before PostgreSQL 17 do not know the setting.
    left_out = (b"\\restrict", b"\\unrestrict", b"SET transaction_timeout")
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith(left_out)]
    (HERE / "dump.sql.gz").write_bytes(gzip.compress(b"".join(lines), mtime=0))


if __name__ == "__main__":
    sys.exit(main())
