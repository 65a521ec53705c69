"""ECR's layer API: uploads in parts, and the bytes of every layer kept on disk by digest."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import quote

from moto.ecr.models import ecr_backends

from .context import Sandbox
from .json_operations import AwsError, Params

PART_SIZE = 20 * 1024 * 1024
"""Bytes; the partSize that InitiateLayerUpload answers and the largest part it takes."""
MIN_PART_SIZE = 5 * 1024 * 1024
"""Bytes; every part but the last must have at least these many (LayerPartTooSmallException)."""
DIGEST = re.compile(r"sha256:[a-f0-9]{64}")


@dataclass
class Upload:
    """A layer upload that is under way; its bytes are in `path`."""

    repository: str
    path: Path
    size: int = 0
    parts: List[int] = field(default_factory=list)
    """Size of each part, in order."""


class Layers:
    """Uploads and blobs of all repositories of one emulator."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._root = sandbox.settings.work_dir / "layers"
        self._uploads: Dict[str, Upload] = {}
        self._tickets: Dict[str, Path] = {}

    # --- store ----------------------------------------------------------------------------------------------------

    def repository(self, region: str, params: Params) -> Any:
        """moto's repository object; RepositoryNotFoundException when there is none."""
        backend = ecr_backends[self._sandbox.settings.account_id][region]
        return backend._get_repository(params["repositoryName"], params.get("registryId"))

    def _folder(self, region: str, repository: str) -> Path:
        return self._root / region / quote(repository, safe="")

    def path(self, region: str, repository: str, digest: str) -> Path:
        """Where the bytes of a layer are; the file exists when the repository's `layers` has the digest."""
        return self._folder(region, repository) / digest.replace(":", "-")

    def drop(self, region: str, repository: Any, digest: str) -> None:
        repository.layers.pop(digest, None)
        self.path(region, repository.name, digest).unlink(missing_ok=True)

    def drop_repository(self, region: str, repository: str) -> None:
        shutil.rmtree(self._folder(region, repository), ignore_errors=True)
        self._uploads = {key: upload for key, upload in self._uploads.items() if upload.repository != repository}

    def clear(self) -> None:
        self._uploads.clear()
        self._tickets.clear()
        shutil.rmtree(self._root, ignore_errors=True)

    # --- operations -----------------------------------------------------------------------------------------------

    def check_availability(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self.repository(region, params)
        layers, failures = [], []
        for digest in params["layerDigests"]:
            if not DIGEST.fullmatch(digest):
                failures.append(_failure(digest, "InvalidLayerDigest", f"Invalid layer digest '{digest}'"))
            elif digest in repository.layers:
                layers.append(
                    {
                        "layerDigest": digest,
                        "layerAvailability": "AVAILABLE",
                        "layerSize": repository.layers[digest],
                        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    }
                )
            else:
                layers.append({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"})
        return {"layers": layers, "failures": failures}

    def initiate(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self.repository(region, params)
        folder = self._folder(region, repository.name)
        folder.mkdir(parents=True, exist_ok=True)
        upload_id = str(uuid.uuid4())
        self._uploads[upload_id] = Upload(repository.name, folder / f"upload-{upload_id}")
        return {"uploadId": upload_id, "partSize": PART_SIZE}

    def upload_part(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self.repository(region, params)
        upload = self._upload(repository, params["uploadId"])
        blob = params["layerPartBlob"]
        first, last = params["partFirstByte"], params["partLastByte"]
        # ECR takes parts in order and without gaps, and says how far it got.
        if first != upload.size or last - first + 1 != len(blob) or len(blob) > PART_SIZE:
            raise AwsError(
                "InvalidLayerPartException",
                f"Invalid layer part upload for upload with id '{params['uploadId']}' in the repository with name "
                f"'{repository.name}' in the registry with id '{repository.registry_id}'",
                registryId=repository.registry_id,
                repositoryName=repository.name,
                uploadId=params["uploadId"],
                lastValidByteReceived=max(upload.size - 1, 0),
            )
        with upload.path.open("ab") as file:
            file.write(blob)
        upload.size += len(blob)
        upload.parts.append(len(blob))
        return {
            "registryId": repository.registry_id,
            "repositoryName": repository.name,
            "uploadId": params["uploadId"],
            "lastByteReceived": upload.size - 1,
        }

    def complete(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self.repository(region, params)
        upload_id = params["uploadId"]
        upload = self._upload(repository, upload_id)
        where = f"in the repository with name '{repository.name}' in the registry with id '{repository.registry_id}'"
        if upload.size == 0:
            raise AwsError("EmptyUploadException", f"Upload with id '{upload_id}' has no parts {where}")
        if any(size < MIN_PART_SIZE for size in upload.parts[:-1]):
            raise AwsError("LayerPartTooSmallException", f"Upload with id '{upload_id}' has a part below 5 MiB {where}")
        digest = f"sha256:{_sha256(upload.path)}"
        if params["layerDigests"] != [digest]:
            raise AwsError(
                "InvalidLayerException",
                f"The layer of upload '{upload_id}' has digest '{digest}', not {params['layerDigests']} {where}",
            )
        del self._uploads[upload_id]
        if digest in repository.layers:
            upload.path.unlink()
            raise AwsError("LayerAlreadyExistsException", f"Layer with digest '{digest}' already exists {where}")
        os.replace(upload.path, self.path(region, repository.name, digest))
        repository.layers[digest] = upload.size
        return {
            "registryId": repository.registry_id,
            "repositoryName": repository.name,
            "uploadId": upload_id,
            "layerDigest": digest,
        }

    def download_url(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self.repository(region, params)
        digest = params["layerDigest"]
        if digest not in repository.layers:
            raise AwsError(
                "LayersNotFoundException",
                f"Layer with digest '{digest}' could not be found in the repository with name '{repository.name}'",
            )
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = self.path(region, repository.name, digest)
        return {"downloadUrl": f"{self._sandbox.settings.endpoint}/_sandbox/layers/{ticket}", "layerDigest": digest}

    def download(self, _method: str, ticket: str, _query: Dict[str, str], _body: bytes) -> Any:
        """The public route behind GetDownloadUrlForLayer; the ticket is the permission, as in a presigned URL."""
        path = self._tickets.get(ticket)
        if path is None or not path.is_file():
            return 404, {"message": "no such layer"}
        return 200, path.read_bytes()

    def _upload(self, repository: Any, upload_id: str) -> Upload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.repository != repository.name:
            raise AwsError(
                "UploadNotFoundException",
                f"Upload with id '{upload_id}' could not be found for the repository with name "
                f"'{repository.name}' in the registry with id '{repository.registry_id}'",
            )
        return upload


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _failure(digest: str, code: str, reason: str) -> Dict[str, str]:
    return {"layerDigest": digest, "failureCode": code, "failureReason": reason}
