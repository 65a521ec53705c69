"""Turns an image's layers into a folder, as a container runtime does, without trusting them."""

from __future__ import annotations

import gzip
import hashlib
import os
import posixpath
import shutil
import stat
import tarfile
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterable, Set, Tuple, cast

OPAQUE = ".wh..wh..opq"
"""An entry of this name hides what lower layers put into its folder."""
WHITEOUT = ".wh."
"""Prefix of an entry that removes its namesake of a lower layer."""
GZIP_MAGIC = b"\x1f\x8b"


class BadImage(Exception):
    """The image cannot be unpacked; the text goes into the task's stoppedReason."""


def unpack(layers: Iterable[Tuple[Path, str]], root: Path) -> None:
    """Extracts layers, each given with its diff id, over what is in `root`. Raises BadImage."""
    for path, diff_id in layers:
        digest = _Layer(root).extract(path)
        # containerd compares the uncompressed layer with the image's config.
        if digest != diff_id:
            raise BadImage(f'failed to extract layer {diff_id}: wrong diff id calculated on extraction "{digest}"')


def clone(source: Path, target: Path) -> None:
    """A tree of its own: real folders, hard links to the files (copies where the file system has no links)."""
    shutil.copytree(source, target, symlinks=True, copy_function=_link)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target


class _HashingReader:
    """Passes a stream on and hashes what went through."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.digest.update(block)
        return block


class _Layer:
    """Extraction of one layer over what the lower ones left in `root`."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._written: Set[Path] = set()
        self._folders: Dict[Tuple[str, ...], Path] = {}
        """Folders that were made or checked; forgotten whenever a link could have changed what they are."""

    def extract(self, path: Path) -> str:
        """Returns the digest of the uncompressed tar. Raises BadImage."""
        with path.open("rb") as file:
            compressed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            reader = _HashingReader(cast(BinaryIO, gzip.GzipFile(fileobj=file)) if compressed else file)
            try:
                with tarfile.open(fileobj=cast(Any, reader), mode="r|") as archive:
                    for member in archive:
                        self._entry(archive, member)
                while reader.read(1 << 20):
                    pass  # what follows the end of the archive belongs to the digest
            except (tarfile.TarError, EOFError, OSError) as error:
                raise BadImage(f"failed to extract layer: {error}") from error
        return f"sha256:{reader.digest.hexdigest()}"

    def _entry(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        target = self._inside(member.name)
        if target.name == OPAQUE:
            for child in target.parent.iterdir():
                if not any(written == child or child in written.parents for written in self._written):
                    self._remove(child)
            return
        if target.name.startswith(WHITEOUT):
            self._remove(target.with_name(target.name[len(WHITEOUT) :]))
            return
        if target == self._root:
            return
        self._written.add(target)
        if member.isdir():
            if target.is_symlink() or not target.is_dir():
                self._remove(target)
                target.mkdir()
            return
        self._remove(target)
        if member.isfile():
            source = archive.extractfile(member)
            with target.open("xb") as file:
                if source is not None:
                    shutil.copyfileobj(source, file)
            # Read-only: the file is shared by all tasks. No set-user-id bits.
            target.chmod(0o555 if member.mode & stat.S_IXUSR else 0o444)
        elif member.issym():
            target.symlink_to(self._relative_link(member, target))
            self._folders.clear()
        elif member.islnk():
            source_path = self._inside(member.linkname)
            if source_path.is_symlink() or not source_path.is_file():
                raise BadImage(f"failed to extract layer: hard link {member.name} names no file of the image")
            os.link(source_path, target)
        # Devices and pipes are left out: a task here is an ordinary process.

    def _remove(self, path: Path) -> None:
        if not os.path.lexists(path):
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        self._folders.clear()

    def _inside(self, name: str) -> Path:
        """The path of an entry; its folders are made. Raises BadImage when it leaves the image, also through links."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts or "\0" in name:
            raise BadImage(f"failed to extract layer: {name} leaves the image")
        if not parts:
            return self._root
        return self._folder(tuple(parts[:-1]), name) / parts[-1]

    def _folder(self, parts: Tuple[str, ...], name: str) -> Path:
        """The real folder behind these parts."""
        if parts not in self._folders:
            resolved = Path(os.path.realpath(self._root.joinpath(*parts)))
            if resolved != self._root and self._root not in resolved.parents:
                raise BadImage(f"failed to extract layer: {name} leaves the image through a link")
            resolved.mkdir(parents=True, exist_ok=True)
            self._folders[parts] = resolved
        return self._folders[parts]

    def _relative_link(self, member: tarfile.TarInfo, target: Path) -> str:
        """A link's target seen from the link; an absolute one counts from the image's root, not the host's."""
        folder = posixpath.normpath("/" + target.parent.relative_to(self._root).as_posix())
        wanted = posixpath.join(folder, member.linkname)
        depth = 0
        for part in [p for p in wanted.split("/") if p not in ("", ".")]:
            depth += -1 if part == ".." else 1
            if depth < 0:
                raise BadImage(f"failed to extract layer: link {member.name} -> {member.linkname} leaves the image")
        return posixpath.relpath(posixpath.normpath(wanted), folder)
