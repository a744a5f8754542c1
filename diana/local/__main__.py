"""`python -m diana.local`: nothing but the start, so that Ctrl-C in its first moment ends it without a word."""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)

from diana.local.commands import main  # noqa: E402

sys.exit(main())
