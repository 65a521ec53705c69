import type { GithubConfig } from '../config/github.ts';
import { shellWord } from '../config/repeat.ts';

/** The actions of others that the workflow runs, by the commit of a release: a tag can be moved. */
const ACTIONS = {
  checkout: 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
  node: 'actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0',
  credentials: 'aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3',
} as const;

const NODE = '24';

/** Shown where the command did not come to its turn. */
const NOTHING_RAN =
  'There is none: an earlier step of the job has failed, such as getting the credentials of AWS. Its log says more.';

export interface WorkflowRequest {
  readonly stack: string;
  readonly region: string;
  readonly github: GithubConfig;
  readonly cliVersion: string;
  readonly deployRole: string;
  readonly planRole: string;
  /** Folder of a worker of the user's own, from the top of the repository. */
  readonly workerDir?: string | undefined;
  /** Config file for `plan`, from there as well. */
  readonly configFile?: string | undefined;
  /** The command that writes it, for its first line. */
  readonly command: string;
}

/** How a file begins that this program may write over. */
export const MARK = '# Written by temporal-fargate:';

export const workflowPath = (stack: string): string => `.github/workflows/temporal-fargate-${stack}.yml`;

/**
 * The workflow file of a stack: `plan` on pull requests, as a comment and in the summary of the job, and `deploy` on pushes,
 * or when somebody starts it, for the image of another stack: what that runs is known only when its own workflow is done. Pure.
 *
 * A job that runs code of a pull request has no credentials of AWS, and the one that has them runs none: no worker is built
 * there, and npx is started outside of the checkout, whose .npmrc could name another registry.
 */
export function githubWorkflow(request: WorkflowRequest): string {
  const { stack, github, command, workerDir } = request;
  return `${MARK} ${command}
name: Temporal workers (${stack})

on:
  pull_request:
${github.imageFromStack === undefined ? `  push:\n    branches: [${JSON.stringify(github.branch)}]` : '  workflow_dispatch:'}

# A deployment that runs is never cut off: the next one waits for it.
concurrency:
  group: temporal-fargate-${stack}-\${{ github.event_name == '${deployEvent(github)}' && 'deploy' || github.ref }}
  cancel-in-progress: false

permissions: {}

jobs:
${planJob(request)}${workerDir === undefined ? '' : buildJob(workerDir)}${deployJob(request)}`;
}

/** What makes the workflow deploy. */
const deployEvent = ({ imageFromStack }: GithubConfig): string =>
  imageFromStack === undefined ? 'push' : 'workflow_dispatch';

function planJob({ stack, region, planRole, cliVersion, configFile }: WorkflowRequest): string {
  const config = configFile === undefined ? '' : ` --config "$GITHUB_WORKSPACE"/${shellWord(configFile)}`;
  return `  plan:
    # A pull request of a fork gets no credentials.
    if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    permissions:
      contents: read
      id-token: write
      pull-requests: write
    steps:
      - uses: ${ACTIONS.checkout}
        with:
          persist-credentials: false
${node()}
${credentials(planRole, region)}
      - name: Plan
        id: plan
        working-directory: \${{ runner.temp }}
        run: |
          code=0
          npx --yes temporal-fargate@${cliVersion} plan --stack ${stack} --skip-code${config} > plan.txt 2> story.txt || code=$?
          cat story.txt plan.txt
          exit "$code"
      - name: Show the plan
        if: always()
        working-directory: \${{ runner.temp }}
        env:
          GH_TOKEN: \${{ github.token }}
          PULL_REQUEST: \${{ github.event.pull_request.number }}
          OUTCOME: \${{ steps.plan.outcome }}
        run: |
${report(`Plan of stack ${stack}`, { success: 'cat plan.txt', 'failure | cancelled': 'cat plan.txt; tail -n 40 story.txt' })} > plan.md
          cat plan.md >> "$GITHUB_STEP_SUMMARY"
          # The comment of this stack, of which there may be several, is written anew.
          of_stack='.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("### Plan of stack ${stack}\\n"))) | .id'
          old=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" --jq "$of_stack" | tail -n 1)
          if [ -n "$old" ]; then
            gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$old" --field body=@plan.md
          else
            gh pr comment "$PULL_REQUEST" --repo "$GITHUB_REPOSITORY" --body-file plan.md
          fi
`;
}

const buildJob = (workerDir: string): string => `
  build:
    # The code of the pull request, without credentials.
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read
    defaults:
      run:
        working-directory: ${JSON.stringify(workerDir)}
    steps:
      - uses: ${ACTIONS.checkout}
        with:
          persist-credentials: false
${node()}
      - run: npm ci
      - run: npm test --if-present
      - run: npm run build --if-present
`;

function deployJob({ stack, region, deployRole, cliVersion, github, workerDir }: WorkflowRequest): string {
  const environment = github.environment === undefined ? '' : `\n    environment: ${github.environment}`;
  const install =
    workerDir === undefined ? '' : `\n      - run: npm ci\n        working-directory: ${JSON.stringify(workerDir)}`;
  const { imageFromStack, branch } = github;
  // It can be started on any branch.
  const onBranch = imageFromStack === undefined ? '' : ` && github.ref == 'refs/heads/${branch}'`;
  const built = workerDir === undefined ? '' : ` --worker-dir ${shellWord(workerDir)}`;
  const code = imageFromStack === undefined ? built : ` --image-from-stack ${imageFromStack}`;
  return `
  deploy:
    if: github.event_name == '${deployEvent(github)}'${onBranch}
    runs-on: ubuntu-24.04
    timeout-minutes: 60${environment}
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: ${ACTIONS.checkout}
        with:
          persist-credentials: false
${node()}${install}
${credentials(deployRole, region)}
      # The health check of the tasks, which looks at their polling, is the proof: no key of Temporal is needed here.
      - name: Deploy
        id: deploy
        run: |
          set -o pipefail
          npx --yes temporal-fargate@${cliVersion} deploy --stack ${stack}${code} --verify health --skip-checks --yes 2>&1 | tee "$RUNNER_TEMP/deploy.txt"
      - name: Say how it went
        if: always()
        env:
          OUTCOME: \${{ steps.deploy.outcome }}
        run: |
${report(`Deployment of stack ${stack}`, { 'success | failure | cancelled': 'tail -n 80 "$RUNNER_TEMP/deploy.txt"' })} >> "$GITHUB_STEP_SUMMARY"
`;
}

/**
 * Lines of a script that print a report in Markdown.
 *
 * @param show what prints the report, by the outcome of the step that is reported, which is in OUTCOME
 */
const report = (heading: string, show: Readonly<Record<string, string>>): string => `          {
            echo '### ${heading}'
            echo '\`\`\`'
            case "$OUTCOME" in
${Object.entries(show)
  .map(([outcome, print]) => `              ${outcome}) ${print} ;;`)
  .join('\n')}
              *) echo '${NOTHING_RAN}' ;;
            esac
            echo '\`\`\`'
          }`;

const node = (): string => `      - uses: ${ACTIONS.node}
        with:
          node-version: '${NODE}'`;

const credentials = (role: string, region: string): string => `      - uses: ${ACTIONS.credentials}
        with:
          role-to-assume: ${role}
          aws-region: ${region}`;
