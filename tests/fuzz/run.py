"""Fuzz one target with coverage (atheris, libFuzzer) from its seeds.

usage: run.py TARGET [--seconds N] [--corpus DIR] [--runs N]

What it finds is written to ``DIR/finds``; keep it as tests/fuzz/corpus/TARGET/NAME, where a test plays it for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import atheris  # noqa: E402 - found from any directory


def main() -> int:
    """Never returns while all is well: libFuzzer ends the process."""
    with atheris.instrument_imports(include=["gateway"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented as it is imported
    from tests.fuzz.seeds import seeds  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--corpus", type=Path, default=ROOT / "var" / "fuzz")
    arguments = parser.parse_args()
    corpus, finds = arguments.corpus / arguments.target, arguments.corpus / "finds"
    for folder in (corpus, finds):
        folder.mkdir(parents=True, exist_ok=True)
    for octets in seeds(arguments.target):
        (corpus / hashlib.sha256(octets).hexdigest()[:16]).write_bytes(octets)
    # What a library says about broken files is not what we are looking for.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    flags = [
        *(f"-max_total_time={arguments.seconds}", f"-runs={arguments.runs}", "-max_len=65536", "-timeout=30"),
        *("-rss_limit_mb=2048", f"-artifact_prefix={finds}/{arguments.target}-", "-print_final_stats=1"),
        "-report_slow_units=60",  # by the clock: a busy machine is no find, what hangs is one by -timeout
    ]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], TARGETS[arguments.target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
