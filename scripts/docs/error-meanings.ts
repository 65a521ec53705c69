/** Error codes that have one cause, for a reader who looks for what they saw. */
export interface ErrorGroup {
  readonly heading: string;
  /** A line each: code | what has happened | what to do. Without the last, the program's own table says it: state/errors.ts. */
  readonly rows: string;
}

export const ERROR_GROUPS: readonly ErrorGroup[] = [
  {
    heading: 'The command line and the answers',
    rows: `
USAGE | A command, a flag or its value cannot be read. | The message says which; --help has two examples for every command.
MISSING_ANSWERS | Answers are missing and nobody is asked, because of --yes. All of them are named. | Give them as flags, in the environment or in the file of --config; or leave --yes out.
BAD_ANSWER | An answer is not possible. | Change what is named; answers.md says what each takes.
BAD_CONFIG | Answers do not go together, such as a size of memory that the CPU does not have. | Change one of those that are named.
BAD_CONFIG_FILE | The config file cannot be read, is no JSON, or has a key that there is not. | Correct it; editors know its keys from config.schema.json.
NO_TERMINAL | A question would have to be asked and there is no terminal. | Add --yes and give the answers, as in CI.
NO_SUCH_WORKER | --worker names a worker that the stack does not have. | Take one of those that are named.
UNLISTED_WORKERS | The state is lost, and the tags show workers that the answers do not list. | List them in the config file once, and take them out with a later run; or destroy first.
NEEDS_ALLOW_REPLACE | With --yes, the plan replaces or deletes things. | Read the plan; if it is meant, add --allow-replace.
NEEDS_CONFIRM | With --yes, something that cannot be undone was asked for. | Add --confirm with the name of the stack.
CONFIRM | --confirm names another stack. | Check which stack is meant.
DECLINED | A question was answered with no. Nothing was changed. | Run it again when you are ready.
BAD_PROXY | The variable of a proxy holds something else. | Write it like http://user:password@host:port, or unset it.
BAD_CA_BUNDLE | The file of AWS_CA_BUNDLE cannot be used. | Name a file of CA certificates in PEM form, or unset it.
LOCAL_FILES | A file of this machine cannot be read or written. | Check folder, permissions and room; HOME, TMPDIR and TEMPORAL_FARGATE_CACHE_DIR choose other places.
FILE_CHANGED | A file of the worker changed while it was put into the image. | Stop what writes it and run the command again.
BAD_FILE_NAME | The name of a file of the worker is not UTF-8. | Rename it, or remove it.
GITHUB_REPOSITORY | GitHub was asked for the number of a repository, and did not give it. | Check --repo; for a private one set GH_TOKEN, or give --repository-id and --owner-id.
NO_REPOSITORY | The folder is no clone of a repository on GitHub. | Name it with --repo.
NOT_AT_TOP | ci github was run below the top of a repository, where GitHub reads no workflows. | Run it at the top.
WORKFLOW_EXISTS | A workflow with this id runs already. | Give another --workflow-id, or leave it out.
WORKFLOW_FILE_EXISTS | The workflow file of ci github is there, and somebody else wrote it. | Move it away and run the command again.
UNKNOWN | Something failed in a way that this program does not know. | Run it again with --debug, and report it.
MANY | Several things failed. The field "errors" has each of them with its own code. | Mend them one by one; then run the same command again.`,
  },
  {
    heading: 'Credentials, account and region',
    rows: `
NO_CREDENTIALS | There are no credentials of AWS; or Temporal's cannot be read from the secret of the stack. | Log in (aws sso login) or name a --profile; or set the variables that are named.
CREDENTIALS_EXPIRED | The credentials of AWS have expired, perhaps in the middle of a run. | Log in again and run the same command: it goes on where it stopped.
CREDENTIALS_INVALID | AWS does not know the credentials. | Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the --profile, and whether the region is enabled.
ACCESS_DENIED | The credentials may not do one action, which is named; or a thing belongs to somebody else. | Have it allowed: temporal-fargate policy --for prints all that a command needs. Then run it again.
CLOCK_SKEW | The clock of this machine is minutes off, and AWS takes no such request. | Set it, best by NTP.
REGION_DISABLED | The account has not enabled the region. | Enable it in the console (Account, AWS Regions), or choose another --region.
REGION_UNKNOWN | There is no such region. | Check the spelling of --region.
WRONG_REGION | A bucket belongs to another region. | Give the --region in which the stack was created.
ZONE_UNUSABLE | Fargate does not have a zone, or the account does not see it. | Choose --zones from those that are named.`,
  },
  {
    heading: 'AWS',
    rows: `
AWS_QUOTA | A quota of the account is used up. It is named. | Delete what nobody needs, or have it raised in the Service Quotas console.
AWS_CAPACITY | There is no room in a zone, or no free address in a subnet. | Choose other --zones or a larger --cidr.
AWS_UNSUPPORTED | The region does not offer something. | Choose another --region or --architecture.
AWS_INVALID | AWS does not take a value. | Change the answer that it comes from; report it if none does.
AWS_EXISTS | A thing of that name or range is there already. | If somebody made it meanwhile, run the command again; else choose another --stack or --cidr.
AWS_IN_USE | Something that is not this stack's still uses a thing. | Delete or detach it (see recovery.md), and run the command again.
AWS_NOT_FOUND | AWS does not find a thing: it was deleted meanwhile, or is not shown yet. | Wait a minute and run the command again.
AWS_BUSY | AWS is busy with an earlier change of a thing. | Wait a minute and run the command again.
AWS_SCHEDULED_FOR_DELETION | A secret of this name is being deleted. | Wait until it is gone, or restore it with aws secretsmanager restore-secret.
AWS_ROLE | AWS cannot use a role yet, or does not take its policy. | Run the command again: a new role takes up to two minutes to be known everywhere.
AWS_SERVICE_ROLE | The service-linked role of ECS or of auto scaling is missing. | Allow iam:CreateServiceLinkedRole for the two services.
AWS_BOUNDARY | The permissions boundary is no policy that exists. | Name one that does with --permissions-boundary.
AWS_THROTTLED | AWS throttles the account, also after many attempts. | Wait a few minutes and run the command again.
AWS_FAULT | AWS has a fault of its own. | See health.aws.amazon.com, and run the command again later.
AWS_REFUSED | AWS refuses with an error that this program has no words for; AWS's are in the message. | Mend the cause and run the command again.
AWS_UNREACHABLE | AWS does not answer. | Check the network and the region, and run the command again.
AWS_GARBLED | What answered is not AWS. | Look for a proxy, a captive portal or AWS_ENDPOINT_URL in the way.
AWS_TLS | The certificate of what answered is not trusted, or not good. | If a proxy of your company reads the traffic, name its CA with AWS_CA_BUNDLE; check the clock.
PROXY_UNREACHABLE | The proxy does not answer. | Check the variable that is named; NO_PROXY lists hosts that are reached without it.
PROXY_LOGIN | The proxy wants a user and a password, or others. | Give them in its variable.
PROXY_REFUSED | The proxy lets nothing through to this host. | Have it allow the host, or name it in NO_PROXY.
PROXY_UNUSABLE | Temporal's client cannot use a proxy that itself speaks TLS. | Set grpc_proxy to one of scheme http, or name the host in NO_PROXY.`,
  },
  {
    heading: 'The stack and its things',
    rows: `
NO_STACK | There is no stack of this name in the account and region. | Check --stack, --region and --profile; temporal-fargate list shows all.
STACK_INCOMPLETE | A command needs a thing of the stack that is not there. | Run init: it makes what is missing.
SEVERAL_STACKS | There is no state, and things of different stacks of the same name exist. | Take one down by destroy, or tell them apart by the tag temporal-fargate:stack-id.
NOT_OWNED | A thing has the name that this stack's would have, but not its tags. It was not touched. | Rename or delete it yourself, or choose another --stack.
AMBIGUOUS | Several things have the tags of the same part of the stack. | Delete those that are not in use, and run the command again.
PLAN_STALE | The stack changed while its plan was looked at. | Run the command again and read the new plan.
VANISHED | A thing was deleted while the command ran. | Run the command again: it makes a new one.
KEPT | An update would delete a thing that holds data. | Move the data away, or take the change back.
NEVER_READY | A thing that AWS had begun has failed, such as a deployment that was rolled back. The cause is in the message. | Mend it and run the command again. failures.md has the causes of workers.
STUCK | A service deployment did not go on for too long, and was stopped. | See failures.md.
WAIT_TIMEOUT | Something took longer than it ever should. | Run the same command again: it goes on with waiting.
BAD_NETWORK | Tasks could not work in the VPC that was named. Each reason is told. | Mend it, or name other subnets; see network.md.
NO_SHARED_NETWORK | The stack of --network-stack is not there, or has no network of its own. | Name another, or make it first.
NETWORK_SHARED | Other stacks live in this stack's network. | Destroy or move them first.
NETWORK_CHANGING | Somebody is at work on the stack whose network is shared. Nothing was created. | Run the command again when that is done.
BAD_SECURITY_GROUP | A security group of --security-group-ids does not exist, or is in another VPC. | Name one of the VPC of the tasks.
BAD_SECRET | A secret does not exist, has no value or lacks a key; or the ARN is not whole. | Correct the ARN or the secret; see activities.md.
BAD_POLICY | A policy of --task-policy-arns does not exist or cannot be attached. | Look for its ARN with aws iam list-policies.
NO_IMAGE | The image that --image-from-stack is to take cannot be taken; the message says why. | Deploy it in the other stack again, or deploy this one by itself.
NO_REVISION | There is no revision to roll back to, or not the one of --to. | See temporal-fargate history; deploy brings the code of any time back.`,
  },
  {
    heading: 'State and lock',
    rows: `
STATE_DAMAGED | The state document cannot be read.
STATE_NEWER | A newer version of this program wrote the state.
STATE_FOREIGN | The state document is that of another stack.
STATE_DELETED | The state was deleted, and earlier versions of it are there.
STATE_CHANGED | Somebody else wrote the state meanwhile.
NO_VERSION | There is no such version of the state.
NO_READABLE_VERSION | No version of the state can be read.
LOCK_HELD | Somebody is at work on the stack. The message says who, and with which command.
LOCK_LOST | Another run took the lock over, because this one gave no sign of life. It changed nothing more.
LOCK_CONTENDED | Several runs want the lock at the same moment.
LOCK_CHANGED | The lock went to somebody else while unlock asked.
NO_STATE_BUCKET | The account has no state bucket in this region.
STATE_BUCKET_DENIED | The credentials may not use the state bucket.
STATE_BUCKET_NOT_OURS | The bucket with the name of the state bucket is another account's.
STATE_BUCKET_ELSEWHERE | The bucket is in another region.
STATE_BUCKET_BUSY | The name of a bucket that was just deleted is not free yet.
STATE_BUCKET_FOREIGN | The bucket holds what is not temporal-fargate's.
STATE_BUCKET_IN_USE | The state bucket cannot be deleted: other things are in it.`,
  },
  {
    heading: 'Temporal',
    rows: `
TEMPORAL_UNREACHABLE | The server cannot be reached. | Check --temporal-address and firewalls; temporal-fargate doctor goes through it step by step. If only the VPC reaches it: --verify health.
TEMPORAL_TLS | One side speaks TLS and the other does not, or the certificate of the server is not good. | Set --temporal-tls, or give the CA or the name that is in the certificate.
TEMPORAL_REFUSED | The server does not accept the key or certificate, or not for this namespace. | Check that it is whole, not expired, and for --temporal-namespace.
TEMPORAL_NAMESPACE | There is no such namespace. | Check --temporal-namespace; in Temporal Cloud it is name.account.
TEMPORAL_EXPIRED | The API key or certificate has expired. | Make a new one and run init with it.
NO_WORKER | Nobody polls the task queue, so no workflow was started. | See temporal-fargate status and logs.`,
  },
  {
    heading: 'Your worker and its image',
    rows: `
BAD_WORKER | The folder of --worker-dir cannot be deployed: no lock file, no code, or something in it cannot go along. | The message says what; worker-folder.md has the rules.
WORKER_NOT_BUILT | The build script, or docker build, has failed. Its last lines are shown. | Mend what they say.
WORKER_NOT_PACKED | npm could not list what belongs to the package. | Run npm pack --dry-run there, and mend what it says.
DEPENDENCIES_NOT_INSTALLED | npm or pnpm could not install the locked dependencies. | Check that the registry is reached and the lock file fits package.json.
NPM_NOT_FOUND | npm is not on the PATH. | Install Node.js with npm.
PNPM_NOT_FOUND | pnpm is not on the PATH, and its lock file is there. | Run corepack enable, or npm install --global pnpm.
PNPM_TOO_OLD | This pnpm cannot install for another machine. | Raise it, in "packageManager" or by npm install --global pnpm.
WORKER_EXISTS | worker init found files in the folder. Nothing was written. | Name another folder.
WORKER_MISSING | The sample worker is not in this installation. | Install the package again; in a clone run npm run build.
IMAGE_GONE | The image of a worker is not in its repository any more, and this run does not know its folder. | Run init with --worker-dir.
IMAGE_NOT_FOUND | There is no such image in the registry. | Name one that is there, by tag or digest.
IMAGE_DAMAGED | What the registry sent is not what it should be. | Run the command again; a proxy may be in the way.
BAD_IMAGE | The image of --image cannot be used: for another architecture, in another region, or not in the sandbox. | The message says what would help; worker-contract.md has the rules.
BASE_IMAGE | The base image cannot be used. | Name another with --base-image, with Node on glibc.
REGISTRY_UNREACHABLE | The registry of an image does not answer. | Check the network and its proxy.
REGISTRY_REFUSES | The registry gives the image to nobody without a login, or limits downloads. | Copy the image to ECR, or try again later.
DOCKER_MISSING | Docker cannot be started. | Install it; a Node package needs none: leave --docker out.
DOCKER_NOT_RUNNING | The daemon of Docker cannot be reached. | Start Docker.
DOCKER_NO_BUILDX | This Docker has no buildx. | Install the docker-buildx-plugin, or a newer Docker Desktop.
DOCKER_CANNOT_EXPORT | The builder in use cannot write an image to a file. | docker buildx create --driver docker-container --use
BAD_ARCHIVE | What Docker built cannot be read. | Run the command again, with buildx 0.10 or newer.`,
  },
  {
    heading: 'The sandbox',
    rows: `
NO_SANDBOX | No sandbox runs on this machine. | temporal-fargate sandbox start
SANDBOX_GONE | The sandbox does not answer any more. | See temporal-fargate sandbox status, and start it again.
SANDBOX_PYTHON_MISSING | There is no python3 on the PATH. | Install it; the message has the command for this system.
SANDBOX_PYTHON_TOO_OLD | Python is older than 3.10. | Install a newer one, first on the PATH.
SANDBOX_VENV_MISSING | Python cannot make a virtual environment. | Install its venv package; the message has the command.
SANDBOX_PIP_MISSING | The new environment of Python has no pip. | Install pip; the message has the command.
SANDBOX_DOWNLOAD_FAILED | The packages of the sandbox could not be downloaded. | Check the network, or set PIP_INDEX_URL or HTTPS_PROXY.
SANDBOX_HASH_MISMATCH | A package is not the one that this version was made with. Nothing was installed. | Check the index or proxy that pip uses.
SANDBOX_PLATFORM_UNSUPPORTED | There are no ready-made packages for this system. | Use Linux with glibc or macOS, with Python 3.10 to 3.14.
SANDBOX_EMULATOR_FAILED | The AWS emulator did not start. | Read the log file that is named.
SANDBOX_TEMPORAL_FAILED | The Temporal server did not start. | Read the log file that is named.
SANDBOX_FRONT_FAILED | The TLS front of the Temporal server did not start. | Read the log file that is named.
NO_TASK | No task of the worker runs in the sandbox. | Make the stack with init --sandbox, or resume it.
NO_SUCH_TASK | No task of the sandbox has an id that begins so. | temporal-fargate status --sandbox shows those that run.
AMBIGUOUS_TASK | Several tasks have an id that begins so. | Give more of it.
TASK_STOPS | The task is stopping already. | Name another, or wait for its successor.
NOT_ON_SPOT | The task runs on demand, and only Spot is taken back. | Take one of those that are named.`,
  },
];
