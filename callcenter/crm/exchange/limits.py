"""How large a sheet may be. What is larger is refused with its limit; whoever has more splits the file."""

from __future__ import annotations

from typing import Final

FILE_BYTES: Final = 64 * 1024 * 1024
UNPACKED_BYTES: Final = 512 * 1024 * 1024
UNPACKED_RATIO: Final = 200
PARTS: Final = 2_000
ROWS: Final = 200_000
COLUMNS: Final = 200
CELL: Final = 20_000
SECONDS: Final = 120
MEMORY_BYTES: Final = 2 * 1024 * 1024 * 1024
