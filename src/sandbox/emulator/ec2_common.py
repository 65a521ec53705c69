"""What the EC2 modules share: the backend of a call, filters, tags, DryRun, and client tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Callable, Dict, List, Tuple

from moto.ec2.models import ec2_backends
from moto.ec2.utils import add_tag_specification

from .aws_call import AwsError, Call
from .context import Sandbox


def install(sandbox: Sandbox) -> None:
    sandbox.before("ec2", "*", refuse_dry_run)
    sandbox.answer("ec2", "CreateSecurityGroup", create_security_group)


def refuse_dry_run(call: Call) -> None:
    """EC2 answers DryRun with the error DryRunOperation (412) and does nothing; moto creates the thing."""
    if call.params.get("DryRun"):
        raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def create_security_group(call: Call, forward: Callable[[], Dict[str, Any]]) -> Dict[str, Any]:
    """EC2 returns the tags that a security group was created with."""
    created = forward()
    group = backend_of(call).get_security_group_from_id(created["GroupId"])
    return {**created, "Tags": group.get_tags()}


def backend_of(call: Call) -> Any:
    """moto's EC2 backend of the call's account and region."""
    return ec2_backends[call.account][call.region]


def new_tags(call: Call) -> Dict[str, str]:
    """The tags of a creating call."""
    return add_tag_specification(call.params.get("TagSpecifications") or [])


def matches(call: Call, values: Dict[str, Any], tags: List[Dict[str, str]], operation_filters: str = "Filters") -> bool:
    """Whether a thing passes the call's filters. `values` holds its filterable fields but the tags.

    EC2 filters: all must match, any value of each may; * and ? are wildcards; names are case-sensitive.
    """
    for item in call.params.get(operation_filters) or []:
        name, wanted = item.get("Name", ""), item.get("Values") or []
        if name.startswith("tag:"):
            actual = [tag["value"] for tag in tags if tag["key"] == name[4:]]
        elif name == "tag-key":
            actual = [tag["key"] for tag in tags]
        elif name in values:
            actual = [values[name]]
        else:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        if not any(fnmatchcase(str(value), pattern) for value in actual for pattern in wanted):
            return False
    return True


@dataclass(frozen=True)
class _Use:
    fingerprint: str
    thing: Any


class ClientTokens:
    """EC2's ClientToken: the same token returns the first object again, even when that was deleted since.

    With other parameters it answers IdempotentParameterMismatch. moto ignores tokens.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._uses: Dict[Tuple[str, str, str], _Use] = {}
        sandbox.on_reset(self._uses.clear)

    def once(self, call: Call, create: Callable[[], Any]) -> Any:
        """The object that `create` makes, or the one that it made for this token before."""
        token = call.params.get("ClientToken")
        if not token:
            return create()
        rest = {name: value for name, value in call.params.items() if name != "ClientToken"}
        fingerprint = json.dumps(rest, sort_keys=True, default=str)
        place = (call.region, call.operation, token)
        used = self._uses.get(place)
        if used is None:
            used = self._uses[place] = _Use(fingerprint, create())
        if used.fingerprint != fingerprint:
            message = "The client token you have provided has been used with different parameters."
            raise AwsError("IdempotentParameterMismatch", message)
        return used.thing
