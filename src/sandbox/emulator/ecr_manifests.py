"""Questions about manifests and the images of a repository."""

from __future__ import annotations

import fnmatch
import json
from typing import Any, Dict, Iterator, List, Optional

from .json_operations import AwsError, Params


def parse(text: str) -> Params:
    try:
        manifest = json.loads(text)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("schemaVersion") != 2:
        raise AwsError(
            "InvalidParameterException",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        )
    return manifest


def find(repository: Any, wanted: Dict[str, str]) -> Optional[Any]:
    """The image with this digest, this tag, or both."""
    for image in repository.images:
        if wanted.get("imageDigest", image.image_digest) == image.image_digest and (
            "imageTag" not in wanted or wanted["imageTag"] in image.image_tags
        ):
            return image
    return None


def is_immutable(repository: Any, tag: str) -> bool:
    """Whether an existing tag is fixed; a filter of the *_WITH_EXCLUSION settings turns the rule round."""
    setting = str(getattr(repository.image_tag_mutability, "value", repository.image_tag_mutability))
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = setting.endswith("_WITH_EXCLUSION") and any(fnmatch.fnmatchcase(tag, f["filter"]) for f in filters)
    return setting.startswith("IMMUTABLE") != excluded


def blobs(manifest: Params) -> List[str]:
    """Digests of the config and the layers that a manifest names."""
    entries = [manifest["config"]] if "config" in manifest else []
    return [entry["digest"] for entry in entries + manifest.get("layers", [])]


def children(image: Any) -> Iterator[str]:
    return (entry["digest"] for entry in json.loads(image.image_manifest).get("manifests", []))
