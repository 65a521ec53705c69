"""The verdicts of the emulator's own evaluation of policies, to be held against those of others.

Reads a JSON list of trials ({"policies": [document], "boundary": [document], "action", "resource", "context"}, the documents
as text) from standard input, and prints a JSON list of true and false.
"""

from __future__ import annotations

import json
import sys

from emulator.authorization import Authorization
from emulator.iam_evaluate import allows

print(
    json.dumps([
        allows(one["policies"], one["boundary"], Authorization(one["action"], one["resource"], {}), one["context"])
        for one in json.load(sys.stdin)
    ])
)
