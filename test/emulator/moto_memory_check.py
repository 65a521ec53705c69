"""Holds what moto_memory.py puts in moto's place against what was there. Ends with an assertion where they differ."""

import xmltodict
from emulator import moto_memory
from moto.core import serialize
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends

TREE = {
    "Answer": {
        "@xmlns": 'http://a/?b&"c"\'',
        "nothing": None,
        "empty": "",
        "emptyList": [],
        "emptyMap": {},
        "list": [1, 1.5, True, None, "<&>", "", {"@kind": None, "#text": "t\n"}, {}],
        "nested": {"item": [{"key": "k", "value": b"bytes \xff"}, {"key": "é", "value": False}]},
    }
}


class Vpc:
    """Named as moto names things: attributes in snake case, without the class's own name, under an alias."""

    class Meta:
        serialization_aliases = {"State": "phase.name"}

    id = "vpc-1"
    cidr_block = "10.0.0.0/16"
    phase = {"name": "available"}
    is_default = False


def xml() -> None:
    for short in (True, False):
        theirs = xmltodict.unparse(TREE, full_document=True, short_empty_elements=short)
        assert moto_memory.document(TREE, short) == theirs, theirs


def members() -> None:
    operation = get_service_model("ec2").operation_model("DescribeVpcs")
    shape = operation.output_shape.members["Vpcs"].member
    transformers = {"Vpcs.Vpc.CidrBlock": repr}
    picker = serialize.XFormedAttributePicker(response_transformers=transformers)
    serializer = serialize.EC2Serializer(operation_model=operation, value_picker=picker)
    serializer.path = ["DescribeVpcs", "Vpcs", "Vpc"]
    holders = (Vpc(), {"VpcId": "vpc-2", "CidrBlock": "fd00::/8"}, {"vpc_id": "vpc-3", "cidr_block": "fd00::/8"}, None)
    for _again in range(2):
        for holder in holders:
            for key, member in shape.members.items():
                member.parent = shape
                theirs = THEIR_VALUE(serializer, holder, key, member)
                assert moto_memory.value_of(serializer, holder, key, member) == theirs, (holder, key, theirs)


def tags() -> None:
    backend = ec2_backends["123456789012"]["us-east-1"]
    one, other = backend.create_vpc("10.0.0.0/16"), backend.create_vpc("10.1.0.0/16")
    one.add_tags({"Name": "one", "a": "b"})
    for vpc in (one, other):
        assert moto_memory.tags_of(vpc) == backend.describe_tags(filters={"resource-id": [vpc.id]})
    assert len(moto_memory.tags_of(one)) == 2


THEIR_VALUE = serialize.ResponseSerializer.get_value
assert THEIR_VALUE is not moto_memory.value_of
xml()
members()
tags()
print("the same")
