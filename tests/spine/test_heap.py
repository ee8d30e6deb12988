"""All threads share one heap, so that what one frees another gets."""

from __future__ import annotations

import subprocess
import sys

_MANY_THREADS = """
import ctypes, sys, threading
from callcenter import heap
assert heap.one_for_all_threads()
wait = threading.Barrier(9)
def work():
    kept = [bytes(100_000) for _ in range(20)]
    wait.wait()
for _ in range(8):
    threading.Thread(target=work).start()
wait.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""


def test_a_process_with_many_threads_has_one_heap() -> None:
    told = subprocess.run([sys.executable, "-c", _MANY_THREADS], capture_output=True, text=True, check=True).stdout
    assert told.count("<heap ") == 1
