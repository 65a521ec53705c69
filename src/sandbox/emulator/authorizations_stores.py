"""What keeps images, secrets and logs: ECR, Secrets Manager and CloudWatch Logs."""

from __future__ import annotations

from typing import Any, Iterable, List

from moto.secretsmanager.models import secretsmanager_backends

from .authorization import Context
from .authorizations import Asked, Resource, Resources, Rule, Rules, if_any, on, removed_keys, tag_facts
from .inventory import tag_map
from .secretsmanager import customer_key, via_secrets_manager

LOG_ARNS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html#CWL_ARN_Format"
"""The ARN of a log group ends with :* in policies, but not for tags: denials say `log-group:NAME:log-stream:`."""
SECRET_KEYS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"
SECRET_ARNS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html"


def repositories(asked: Asked) -> List[Resource]:
    """Those that the call names, or all of them."""
    params = asked.params
    names = params.get("repositoryNames") or [params.get("repositoryName") or "*"]
    return [asked.resource("ecr", asked.arn("ecr", f"repository/{name}")) for name in names]


def by_arn(service: str, member: str) -> Resources:
    return lambda asked: [asked.resource(service, asked.params[member])]


def secret(asked: Asked) -> List[Resource]:
    """The ARN with its random end, or for a secret that does not exist the name alone."""
    found = _find(asked)
    if found is not None:
        return [Resource(found.arn, tag_map(found.tags or []))]
    given = asked.params.get("SecretId") or ""
    return [Resource(given if given.startswith("arn:") else asked.arn("secretsmanager", f"secret:{given}"))]


def key_of_secret(asked: Asked) -> Iterable[Resource]:
    """The key of the account's own that encrypts the secret, if it is not AWS's."""
    found = _find(asked)
    arn = customer_key(found.kms_key_id, found.arn) if found is not None else None
    return [Resource(arn)] if arn else []


def via(asked: Asked) -> Context:
    return via_secrets_manager(asked.call.region)


def new_secret(asked: Asked) -> List[Resource]:
    return [Resource(asked.arn("secretsmanager", f"secret:{asked.params.get('Name')}"))]


def log_group(asked: Asked) -> List[Resource]:
    """As every action but those of tags is asked for a log group."""
    group = _log_group(asked)
    return [Resource(f"{group}:log-stream:", asked.stored("logs", group))]


def tagged_log_group(asked: Asked) -> List[Resource]:
    return [asked.resource("logs", _log_group(asked))]


def log_stream(asked: Asked) -> List[Resource]:
    return [Resource(f"{_log_group(asked)}:log-stream:{asked.params.get('logStreamName')}")]


def list_tags(asked: Asked) -> Context:
    """Tags as a list, in any letter case."""
    return tag_facts(tag_map(asked.params.get("tags") or asked.params.get("Tags") or []))


def map_tags(asked: Asked) -> Context:
    return tag_facts(asked.params.get("tags") or {})


def images(operation: str) -> tuple[Rule, ...]:
    return on(f"ecr:{operation}", repositories)


def logs(operation: str) -> tuple[Rule, ...]:
    return on(f"logs:{operation}", log_group, source=LOG_ARNS)


def secrets(operation: str) -> tuple[Rule, ...]:
    return on(f"secretsmanager:{operation}", secret)


ECR: Rules = {
    "GetAuthorizationToken": (Rule("ecr:GetAuthorizationToken"),),
    "CreateRepository": (
        Rule("ecr:CreateRepository", repositories, (list_tags,)),
        Rule("ecr:TagResource", if_any(list_tags, repositories), (list_tags,)),
    ),
    **{
        operation: images(operation)
        for operation in (
            "BatchCheckLayerAvailability",
            "BatchDeleteImage",
            "BatchGetImage",
            "CompleteLayerUpload",
            "DeleteLifecyclePolicy",
            "DeleteRepository",
            "DescribeImages",
            "DescribeRepositories",
            "GetDownloadUrlForLayer",
            "GetLifecyclePolicy",
            "InitiateLayerUpload",
            "ListImages",
            "PutImage",
            "PutImageScanningConfiguration",
            "PutImageTagMutability",
            "PutLifecyclePolicy",
            "UploadLayerPart",
        )
    },
    "TagResource": on("ecr:TagResource", by_arn("ecr", "resourceArn"), list_tags),
    "UntagResource": on("ecr:UntagResource", by_arn("ecr", "resourceArn"), removed_keys),
    "ListTagsForResource": on("ecr:ListTagsForResource", by_arn("ecr", "resourceArn")),
}

SECRETS_MANAGER: Rules = {
    "CreateSecret": (
        Rule("secretsmanager:CreateSecret", new_secret, (list_tags,), SECRET_ARNS),
        Rule("secretsmanager:TagResource", if_any(list_tags, new_secret), (list_tags,), SECRET_ARNS),
    ),
    **{
        operation: secrets(operation)
        for operation in (
            "DeleteSecret",
            "DescribeSecret",
            "PutSecretValue",
            "RestoreSecret",
            "UpdateSecret",
            "UpdateSecretVersionStage",
        )
    },
    "GetSecretValue": (*secrets("GetSecretValue"), Rule("kms:Decrypt", key_of_secret, (via,), SECRET_KEYS)),
    "TagResource": on("secretsmanager:TagResource", secret, list_tags),
    "UntagResource": on("secretsmanager:UntagResource", secret, removed_keys),
}

LOGS: Rules = {
    "CreateLogGroup": (
        Rule("logs:CreateLogGroup", log_group, (map_tags,), LOG_ARNS),
        Rule("logs:TagResource", if_any(map_tags, tagged_log_group), (map_tags,), LOG_ARNS),
    ),
    **{operation: logs(operation) for operation in ("DeleteLogGroup", "DescribeLogStreams", "FilterLogEvents", "PutRetentionPolicy")},
    "DescribeLogGroups": (Rule("logs:DescribeLogGroups"),),
    "CreateLogStream": on("logs:CreateLogStream", log_stream),
    "PutLogEvents": on("logs:PutLogEvents", log_stream),
    "TagResource": on("logs:TagResource", tagged_log_group, map_tags, source=LOG_ARNS),
    "UntagResource": on("logs:UntagResource", tagged_log_group, removed_keys, source=LOG_ARNS),
    "ListTagsForResource": on("logs:ListTagsForResource", tagged_log_group, source=LOG_ARNS),
}


def _find(asked: Asked) -> Any:
    secrets: Any = secretsmanager_backends[asked.call.account][asked.call.region].secrets
    given = asked.params.get("SecretId") or ""
    return secrets[given] if given in secrets else None


def _log_group(asked: Asked) -> str:
    given = asked.params.get("resourceArn") or asked.params.get("logGroupIdentifier") or asked.params.get("logGroupName") or ""
    return given.removesuffix(":*") if given.startswith("arn:") else asked.arn("logs", f"log-group:{given}")
