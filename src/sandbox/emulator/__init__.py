"""A strict AWS emulator: moto, plus the AWS behaviours that moto lacks, behind a closed loopback door.

moto reads its settings while it is imported, so they are set here, before any module of this package imports it.
"""

import os

# No CORS header may ever leave this server.
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
# Machine images are of no use here, and loading them makes every reset slow.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
# moto's own clients must not pick up a person's credentials or profile.
os.environ.update(AWS_ACCESS_KEY_ID="unused", AWS_SECRET_ACCESS_KEY="unused", AWS_EC2_METADATA_DISABLED="true")
for _name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "MOTO_ACCOUNT_ID"):
    os.environ.pop(_name, None)
