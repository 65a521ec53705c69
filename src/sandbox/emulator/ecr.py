"""ECR: moto keeps repositories, policies and tags; layers and images are kept here as AWS keeps them."""

from __future__ import annotations

import base64
import json
import re
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from moto.ecr.models import ecr_backends

from .context import Kinds, Sandbox
from .ecr_images import Images
from .ecr_layers import Layers
from .ecr_manifests import find
from .json_operations import Params, bind


class PulledImage(NamedTuple):
    """What a container runtime gets from a registry."""

    digest: str
    config: Dict[str, Any]
    layers: List[Path]
    """Files with the compressed layers, lowest first."""


class NoPlatform(Exception):
    """An index has no image for the platform that is asked for."""


_REGISTRY = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
_layers: Dict[int, Layers] = {}


def install(sandbox: Sandbox) -> None:
    layers = Layers(sandbox)
    images = Images(layers, sandbox.settings.account_id)
    _layers[id(sandbox)] = layers
    bind(
        sandbox,
        "ecr",
        {
            "BatchCheckLayerAvailability": layers.check_availability,
            "InitiateLayerUpload": layers.initiate,
            "UploadLayerPart": layers.upload_part,
            "CompleteLayerUpload": layers.complete,
            "GetDownloadUrlForLayer": layers.download_url,
            "PutImage": images.put,
            "BatchGetImage": images.batch_get,
            "DescribeImages": images.describe,
            "ListImages": images.list,
            "BatchDeleteImage": images.batch_delete,
            "GetAuthorizationToken": lambda region, params: _authorization(sandbox, region, params),
        },
    )
    sandbox.after(
        "ecr", "DeleteRepository", lambda call: layers.drop_repository(call.region, call.params["repositoryName"])
    )
    sandbox.route_prefix("/_sandbox/layers/", layers.download, public=True)
    sandbox.inventory("ecr", lambda: inventory(sandbox))
    sandbox.on_reset(layers.clear)


def pull(sandbox: Sandbox, reference: str, architecture: str) -> Optional[PulledImage]:
    """The image that `<account>.dkr.ecr.<region>.amazonaws.com/<name>[:tag|@digest]` names, None when there is none.

    Of an index it is the one for Linux and this architecture (amd64, arm64). Raises NoPlatform, in Fargate's words
    (aws/containers-roadmap #1120, aviswerdlow/relay #71), when there is no such image in it.
    """
    host, _, rest = reference.partition("/")
    location = _REGISTRY.fullmatch(host)
    if location is None or location["account"] != sandbox.settings.account_id:
        return None
    region, layers = location["region"], _layers[id(sandbox)]
    tagged, at, digest = rest.partition("@")
    name, _, tag = tagged.partition(":")
    wanted = {"imageDigest": digest} if at else {"imageTag": tag or "latest"}
    repository = ecr_backends[sandbox.settings.account_id][region].repositories.get(name)
    image = find(repository, wanted) if repository else None
    if image is None:
        return None
    manifest = json.loads(image.image_manifest)
    if "manifests" in manifest:
        platform = {"os": "linux", "architecture": architecture}
        for child in manifest["manifests"]:
            if platform.items() <= {**platform, **child.get("platform", {})}.items():
                return pull(sandbox, f"{host}/{name}@{child['digest']}", architecture)
        raise NoPlatform(f"image Manifest does not contain descriptor matching platform 'linux/{architecture}'")
    config = json.loads(layers.path(region, name, manifest["config"]["digest"]).read_text())
    paths = [layers.path(region, name, layer["digest"]) for layer in manifest["layers"]]
    return PulledImage(image.image_digest, config, paths)


def repository_arn(reference: str) -> Optional[str]:
    """ARN of the repository that an image reference names, None when it is not one of ECR."""
    host, _, rest = reference.partition("/")
    location = _REGISTRY.fullmatch(host)
    if location is None:
        return None
    name = rest.partition("@")[0].partition(":")[0]
    return f"arn:aws:ecr:{location['region']}:{location['account']}:repository/{name}"


def _authorization(sandbox: Sandbox, region: str, params: Params) -> Dict[str, Any]:
    # The token of AWS is valid for 12 hours.
    data = [
        {
            "authorizationToken": base64.b64encode(f"AWS:{secrets.token_urlsafe(32)}".encode()).decode(),
            "expiresAt": datetime.now(timezone.utc) + timedelta(hours=12),
            "proxyEndpoint": f"https://{registry}.dkr.ecr.{region}.amazonaws.com",
        }
        for registry in params.get("registryIds") or [sandbox.settings.account_id]
    ]
    return {"authorizationData": data}


def _repositories(sandbox: Sandbox) -> Iterator[Tuple[Any, Any]]:
    for backend in list(ecr_backends[sandbox.settings.account_id].values()):
        for repository in backend.repositories.values():
            yield backend, repository


def _tags(backend: Any, arn: str) -> Dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in backend.tagger.list_tags_for_resource(arn)["tags"]}


def inventory(sandbox: Sandbox) -> Kinds:
    kinds: Kinds = {"repository": {}, "image": {}, "layer": {}}
    for backend, repository in _repositories(sandbox):
        kinds["repository"][repository.arn] = {
            "tags": _tags(backend, repository.arn),
            "imageTagMutability": str(
                getattr(repository.image_tag_mutability, "value", repository.image_tag_mutability)
            ),
            "lifecyclePolicy": repository.lifecycle_policy,
            "scan": repository.image_scanning_configuration,
        }
        for image in repository.images:
            kinds["image"][f"{repository.arn}@{image.image_digest}"] = {"imageTags": sorted(image.image_tags)}
        for digest, size in repository.layers.items():
            kinds["layer"][f"{repository.arn}@{digest}"] = {"size": size}
    return kinds
