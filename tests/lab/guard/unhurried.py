"""A worker of the guard by a clock that no machine moves: time is what a statement has computed.

However long a machine with too much to do holds it up, no deadline comes nearer by that.
"""

import time
from types import SimpleNamespace

from lab.guard import hardening, looking, worker

COMPUTED = SimpleNamespace(monotonic=time.thread_time, thread_time=time.thread_time, perf_counter=time.perf_counter)

if __name__ == "__main__":
    hardening.time = looking.time = COMPUTED  # type: ignore[assignment]
    worker.main()
