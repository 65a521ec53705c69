import { describe, expect, it } from 'vitest';
import { configWithCode } from '../../src/commands/code-answers.ts';
import type { CommandInput } from '../../src/commands/input.ts';
import type { Answers } from '../../src/config/option.ts';
import { referenceConfig } from '../helpers/aws-stack.ts';

/** What `deploy` was told by flags. */
const told = (answers: Answers) =>
  ({ flags: { answers, paths: {}, own: {} }, env: { TEMPORAL_FARGATE_CPU: '4096' } }) as unknown as CommandInput;

describe('the config that deploy works with', () => {
  it('is that of the stack, with what flags say of the code and nothing else', async () => {
    const before = referenceConfig();
    const flags = {
      workerDir: './worker',
      allowInstallScripts: true,
      baseImage: 'node:22-bookworm-slim',
      memory: 8192,
    };
    const { config } = await configWithCode(told(flags), before);
    const [worker] = before.workers;
    const code = { source: 'folder', installScripts: true, baseImage: 'node:22-bookworm-slim' };
    expect(config).toEqual({ ...before, workers: [{ ...worker, ...code }] });
    expect(await configWithCode(told({}), config)).toMatchObject({ config });
  });

  it('is not one with an image of another repository, which its roles may not pull', async () => {
    await expect(configWithCode(told({ image: 'ghcr.io/ada/worker:1.4' }), referenceConfig())).rejects.toMatchObject({
      code: 'BAD_ANSWER',
      message:
        "deploy cannot take the image of worker from ghcr.io/ada/worker instead of the stack's own repository: roles and repositories would have to change",
    });
  });
});
