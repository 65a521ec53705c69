"""Unpacked images: every task gets a tree of hard links to their read-only files.

An image is unpacked once, and what lies below its last layer once for all images that have it in common: a release
changes that layer alone. Several emulators may share one folder, since what is in it is named for what was unpacked.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from .ecr import PulledImage
from .images import BadImage, clone, unpack

Layer = Tuple[Path, str]
"""File of the compressed layer, and the diff id that the image's config gives it."""


class ImageCache:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._locks: Dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def root_of(self, image: PulledImage) -> Path:
        """The unpacked image; unpacks it at the first call. Raises BadImage."""
        diff_ids = image.config.get("rootfs", {}).get("diff_ids", [])
        if len(diff_ids) != len(image.layers):
            raise BadImage("mismatched image rootfs and manifest layers")
        layers = list(zip(image.layers, diff_ids))
        below = self._folder(layers[:-1], None, layers[:-1])
        return self._folder(layers, below, layers[-1:])

    def _folder(self, layers: List[Layer], below: Optional[Path], rest: List[Layer]) -> Path:
        """The folder of all `layers`; without one, the `rest` of them is unpacked over what is `below`."""
        diff_ids = json.dumps([diff_id for _path, diff_id in layers])
        name = hashlib.sha256(diff_ids.encode("utf-8")).hexdigest()
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if not (self._root / name).exists():
                self._make(self._root / name, below, rest)
        return self._root / name

    def _make(self, target: Path, below: Optional[Path], layers: List[Layer]) -> None:
        """Unpacks `layers` over a copy of `below`. The folder appears when it is complete."""
        self._root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="partial-", dir=self._root))
        partial = scratch / "root"
        try:
            if below is None:
                partial.mkdir()
            else:
                clone(below, partial)
            unpack(layers, partial)
            partial.rename(target)
        except OSError:
            # Another emulator was faster.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
