import { prettifyError } from 'zod';
import { damaged, type StateDocument } from '../../state/document.ts';
import { type StackConfig, stackConfig } from '../config/schema.ts';

/** The config in a state document. It was ours when it was written, so anything else is damage: STATE_DAMAGED. */
export function storedConfig(value: Record<string, unknown> | undefined): StackConfig | undefined {
  if (value === undefined) return undefined;
  const parsed = stackConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const stack = typeof value.stack === 'string' ? value.stack : '<stack>';
  const why = prettifyError(parsed.error).replaceAll('\n', ' ');
  throw damaged({ where: `${stack}/state.json`, stack }, `its config is not one of ours: ${why}`, parsed.error);
}

/** Of a destroyed stack nothing is in force, although its last config is kept. */
export const isInForce = ({ configs, operation }: StateDocument, config: StackConfig): boolean =>
  operation !== 'destroy' && JSON.stringify(configs.at(-1)) === JSON.stringify(config);
