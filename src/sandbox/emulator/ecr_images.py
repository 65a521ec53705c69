"""ECR's images: manifests by the SHA-256 of their exact bytes, tags that may be immutable."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, List, Optional

from moto.ecr.models import Image

from .ecr_layers import DIGEST, Layers
from .ecr_manifests import blobs, children, find, is_immutable, parse
from .json_operations import AwsError, Params

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Images:
    """The image operations, on moto's repository objects (`repository.images`)."""

    def __init__(self, layers: Layers, account_id: str) -> None:
        self._layers = layers
        self._account_id = account_id

    def put(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self._layers.repository(region, params)
        text: str = params["imageManifest"]
        tag: Any = params.get("imageTag")
        manifest = parse(text)
        media_type = manifest.get("mediaType") or params.get("imageManifestMediaType")
        if not media_type or params.get("imageManifestMediaType", media_type) != media_type:
            raise AwsError(
                "InvalidParameterException",
                "Invalid parameter at 'imageManifestMediaType': it must be given "
                "in the manifest or as a parameter, and both must agree",
            )
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        where = f"in the repository with name '{repository.name}' in registry with id '{repository.registry_id}'"
        if params.get("imageDigest", digest) != digest:
            raise AwsError(
                "ImageDigestDoesNotMatchException",
                f"The digest '{params['imageDigest']}' does not match the calculated digest '{digest}'",
            )
        self._check_references(repository, manifest, media_type, where)
        image = find(repository, {"imageDigest": digest})
        if image is not None and (tag is None or tag in image.image_tags):
            raise AwsError(
                "ImageAlreadyExistsException",
                f"Image with digest '{digest}' and tag '{tag or 'null'}' already exists {where}",
            )
        holder = find(repository, {"imageTag": tag}) if tag else None
        if holder is not None:
            if is_immutable(repository, tag):
                raise AwsError(
                    "ImageTagAlreadyExistsException",
                    f"The image tag '{tag}' already exists {where} "
                    "and cannot be overwritten because the tag is immutable.",
                )
            holder.remove_tag(tag)
        if image is None:
            image = Image(self._account_id, tag, text, repository.name, media_type, digest, repository.registry_id)
            repository.images.append(image)
        else:
            image.update_tag(tag)
        return {"image": _answer(image, tag)}

    def _check_references(self, repository: Any, manifest: Params, media_type: str, where: str) -> None:
        """Children must be there before their parent, as ECR demands."""
        if media_type in INDEX_TYPES:
            digests = [entry["digest"] for entry in manifest.get("manifests", [])]
            missing = [digest for digest in digests if find(repository, {"imageDigest": digest}) is None]
            if missing:
                raise AwsError(
                    "ReferencedImagesNotFoundException",
                    f"Images with digests '{missing}' required for pushing image into repository "
                    f"with name '{repository.name}' could not be found {where}",
                )
            return
        missing = [digest for digest in blobs(manifest) if digest not in repository.layers]
        if missing:
            raise AwsError(
                "LayersNotFoundException",
                f"Layers with digests '{missing}' required for pushing image into repository "
                f"with name '{repository.name}' could not be found {where}",
            )

    def batch_get(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self._layers.repository(region, params)
        images, failures = [], []
        for wanted in params["imageIds"]:
            image = find(repository, wanted)
            if image is None:
                failures.append(
                    {"imageId": wanted, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
                )
            else:
                images.append(_answer(image, wanted.get("imageTag")))
        return {"images": images, "failures": failures}

    def describe(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self._layers.repository(region, params)
        if not params.get("imageIds"):
            chosen = [image for image in repository.images if _has_status(image, params)]
        else:
            chosen = [self._must_find(repository, wanted) for wanted in params["imageIds"]]
        return {"imageDetails": [_detail(image) for image in chosen]}

    def list(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self._layers.repository(region, params)
        ids: List[Dict[str, str]] = []
        for image in repository.images:
            if _has_status(image, params):
                ids += [{"imageDigest": image.image_digest, "imageTag": tag} for tag in image.image_tags] or [
                    {"imageDigest": image.image_digest}
                ]
        return {"imageIds": ids}

    def batch_delete(self, region: str, params: Params) -> Dict[str, Any]:
        repository = self._layers.repository(region, params)
        deleted: List[Dict[str, str]] = []
        failures: List[Dict[str, Any]] = []
        for wanted in params["imageIds"]:
            if "imageDigest" in wanted and not DIGEST.fullmatch(wanted["imageDigest"]):
                failures.append(
                    {
                        "imageId": wanted,
                        "failureCode": "InvalidImageDigest",
                        "failureReason": "Invalid request parameters: image digest should satisfy the regex "
                        "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
                    }
                )
                continue
            image = find(repository, wanted)
            if image is None:
                failures.append(
                    {"imageId": wanted, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
                )
                continue
            parents = [other.image_digest for other in repository.images if image.image_digest in children(other)]
            by_tag = "imageTag" in wanted
            if parents and not (by_tag and len(image.image_tags) > 1):
                failures.append(
                    {
                        "imageId": wanted,
                        "failureCode": "ImageReferencedByManifestList",
                        "failureReason": f"Requested image referenced by manifest list: {parents}",
                    }
                )
                continue
            tags = [wanted["imageTag"]] if by_tag else list(image.image_tags)
            deleted += [{"imageDigest": image.image_digest, "imageTag": tag} for tag in tags] or [
                {"imageDigest": image.image_digest}
            ]
            for tag in tags:
                image.remove_tag(tag)
            if not image.image_tags:
                self._forget(region, repository, image)
        return {"imageIds": deleted, "failures": failures}

    def _forget(self, region: str, repository: Any, image: Any) -> None:
        """Layers that no other image names go with it: ECR collects them, so a later push must bring them again."""
        repository.images.remove(image)
        kept = {digest for other in repository.images for digest in blobs(json.loads(other.image_manifest))}
        for digest in blobs(json.loads(image.image_manifest)):
            if digest not in kept:
                self._layers.drop(region, repository, digest)

    def _must_find(self, repository: Any, wanted: Dict[str, str]) -> Any:
        image = find(repository, wanted)
        if image is None:
            digest, tag = wanted.get("imageDigest", "null"), wanted.get("imageTag", "null")
            raise AwsError(
                "ImageNotFoundException",
                f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the "
                f"repository with name '{repository.name}' in the registry with id '{repository.registry_id}'",
            )
        return image


def _answer(image: Any, tag: Optional[str]) -> Dict[str, Any]:
    image_id = {"imageDigest": image.image_digest, **({"imageTag": tag} if tag else {})}
    return {
        "registryId": image.registry_id,
        "repositoryName": image.repository_name,
        "imageId": image_id,
        "imageManifest": image.image_manifest,
        "imageManifestMediaType": image.image_manifest_media_type,
    }


def _detail(image: Any) -> Dict[str, Any]:
    manifest = json.loads(image.image_manifest)
    sizes = [layer["size"] for layer in [*manifest.get("layers", []), manifest.get("config", {"size": 0})]]
    detail: Dict[str, Any] = {
        "registryId": image.registry_id,
        "repositoryName": image.repository_name,
        "imageDigest": image.image_digest,
        "imageSizeInBytes": sum(sizes),
        "imagePushedAt": image.image_pushed_at,
        "imageManifestMediaType": image.image_manifest_media_type,
    }
    if "config" in manifest:
        detail["artifactMediaType"] = manifest["config"]["mediaType"]
    # ECR leaves imageTags out for an untagged image.
    return {**detail, "imageTags": list(image.image_tags)} if image.image_tags else detail


def _has_status(image: Any, params: Params) -> bool:
    status = params.get("filter", {}).get("tagStatus", "ANY")
    return status == "ANY" or (status == "TAGGED") == bool(image.image_tags)
