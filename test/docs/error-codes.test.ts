import { expect, it } from 'vitest';
import { errorCodesIn } from '../../scripts/docs/error-codes.ts';

it('error codes are found in the sources wherever an error gets one, and nothing else is taken for one', () => {
  const helpers = `
    export function usageError(message: string, fix: string, code = 'USAGE') {}
    const error = (code: string, problem: string) => new UserError({ code, message: problem });
    class Registry { #error(code: string, problem: string) {} }`;
  const uses = `
    throw new UserError({ code: stuck ? 'STUCK' : 'NEVER_READY', message: 'AWS_IN_A_TEXT' });
    throw usageError('no such worker', 'Name another.', missing ? 'MISSING_ANSWERS' : 'BAD_ANSWER');
    throw error('IMAGE_GONE', 'FARGATE_SPOT');
    throw this.#error('REGISTRY_REFUSES', 'it answers');
    const quota = { code: 'L-F678F1CE', name: 'VPCS' };
    if (cause.code === 'SOME_OTHER') issues.push({ code: 'custom' });`;
  expect(errorCodesIn([uses, helpers])).toEqual([
    'BAD_ANSWER',
    'IMAGE_GONE',
    'MISSING_ANSWERS',
    'NEVER_READY',
    'REGISTRY_REFUSES',
    'STUCK',
    'USAGE',
  ]);
});
