"""What AWS still works on for a moment after a change, and refuses another change meanwhile.

- `cluster`: the capacity providers of an ECS cluster (ECS API reference, PutClusterCapacityProviders, Errors;
  hashicorp/terraform-provider-aws #11409, #45693);
- `bucket`: settings of a new S3 bucket, and, for as long as a change of settings is carried out, every other one
  (terraform-provider-aws #7628, #33478);
- `bucket-name`: the name of a deleted bucket, on AWS for up to an hour (aws/aws-cli #2593; S3 user guide, "Deleting a
  bucket": "might not be available for reuse").
"""

from __future__ import annotations

import re
import time
from typing import Dict

from .aws_call import AwsError, Call
from .context import Sandbox
from .ecs_store import Store

BUCKET_SETTING = re.compile("^(Put|Delete)(Bucket.+|PublicAccessBlock)$")


def install(sandbox: Sandbox, store: Store) -> None:
    Settling(sandbox, store)


class Settling:
    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._store, self._strict = store, sandbox.settings.strict
        self._clusters: Dict[str, float] = {}
        self._buckets: Dict[str, float] = {}
        self._changed: Dict[str, float] = {}
        self._names: Dict[str, float] = {}
        for operation in ("PutClusterCapacityProviders", "DeleteCluster"):
            sandbox.before("ecs", operation, self._refuse_cluster)
        for operation in ("CreateCluster", "PutClusterCapacityProviders"):
            sandbox.after("ecs", operation, self._cluster_changed)
        sandbox.after("ecs", "DeleteCluster", lambda call: self._clusters.pop(self._arn(call), None))
        sandbox.before("s3", "*", self._refuse_bucket)
        sandbox.after("s3", "CreateBucket", lambda call: self._start(self._buckets, call))
        sandbox.after("s3", "DeleteBucket", lambda call: self._start(self._names, call))
        sandbox.after("s3", "*", self._bucket_changed)
        for times in (self._clusters, self._buckets, self._changed, self._names):
            sandbox.on_settle(times.clear)

    @staticmethod
    def _start(times: Dict[str, float], call: Call) -> None:
        times[call.params["Bucket"]] = time.monotonic()

    def _bucket_changed(self, call: Call) -> None:
        if BUCKET_SETTING.match(call.operation):
            self._start(self._changed, call)

    def _arn(self, call: Call) -> str:
        name = call.params.get("cluster") or call.params.get("clusterName") or "default"
        cluster = self._store.region(call.region).find_cluster(name)
        return cluster.arn if cluster else ""

    def _cluster_changed(self, call: Call) -> None:
        # A repeated CreateCluster answers with the cluster that there is and changes nothing.
        if call.operation != "CreateCluster" or self._arn(call) not in self._clusters:
            self._clusters[self._arn(call)] = time.monotonic()

    def _refuse_cluster(self, call: Call) -> None:
        if _younger(self._clusters, self._arn(call), self._strict["cluster"]):
            raise AwsError(
                "UpdateInProgressException",
                "The specified cluster is in a busy state. Cluster attachments are being updated; try again later.",
                400,
            )

    def _refuse_bucket(self, call: Call) -> None:
        bucket = call.params.get("Bucket", "")
        # Calls are carried out one after the other: one that came while another was under way ran beside it on AWS.
        beside = self._strict["bucket"] > 0 and call.arrived < self._changed.get(bucket, float("-inf"))
        busy = beside or _younger(self._buckets, bucket, self._strict["bucket"])
        changing = busy and BUCKET_SETTING.match(call.operation)
        naming = call.operation == "CreateBucket" and _younger(self._names, bucket, self._strict["bucket-name"])
        if changing or naming:
            message = "A conflicting conditional operation is currently in progress against this resource. Please try again."
            raise AwsError("OperationAborted", message, 409)


def _younger(times: Dict[str, float], key: str, seconds: float) -> bool:
    return time.monotonic() - times.get(key, float("-inf")) < seconds
