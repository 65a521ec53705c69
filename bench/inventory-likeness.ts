import type { Inventory } from './stage.ts';

/** What one of the two makes for itself, or nobody asked for. */
const LEFT_OUT: readonly RegExp[] = [
  // Terraform pushes no image.
  /^ecr (image|layer) /,
  // Where each keeps its state.
  /^s3 object /,
  /^s3 bucket (tfg-state|terraform-state)/,
  // Made by a call, or by AWS itself.
  /^iam role AWSServiceRoleFor/,
  // Come and go with their service and gateway.
  /^ecs task /,
  /^ec2 network-interface /,
];

/** Names, tags and hashes of texts that name other things. */
const FIELDS_LEFT_OUT = new Set(['arn', 'tags', 'ip', 'association', 'inline', 'policy', 'trust', 'taskDefinition']);

/**
 * What is in an account, a line for each thing, in the same words for everybody who makes it: without ids, tags and what
 * is left out above.
 */
export function likenessOf(inventory: Inventory): string[] {
  return Object.entries(inventory)
    .flatMap(([service, kinds]) =>
      Object.entries(kinds).flatMap(([kind, things]) =>
        Object.entries(things).flatMap(([id, fields]) => {
          if (LEFT_OUT.some((pattern) => pattern.test(`${service} ${kind} ${id}`))) return [];
          const told = Object.entries(fields).filter(([name]) => !FIELDS_LEFT_OUT.has(name));
          return [`${service} ${kind} ${JSON.stringify(plain(Object.fromEntries(told)))}`];
        }),
      ),
    )
    .sort();
}

/** Without ids, and whatever the order of lists and of the keys of JSON texts. */
function plain(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.startsWith('{')) return plain(JSON.parse(value));
    return value.replaceAll(UUID, '').replaceAll(ID, '$1');
  }
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(plain(one))).sort();
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, plain(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
}

/** "vpc-f8c614824ec90bc49" */
const ID = /\b([a-z]+)-[0-9a-f]{17}\b/g;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** In words: that both are the same, or the lines that only one of them has. */
export function gaps(ours: readonly string[], theirs: readonly string[]): string {
  const missing = without(ours, theirs).map((line) => `only this program: ${line}`);
  const extra = without(theirs, ours).map((line) => `only Terraform: ${line}`);
  const differences = [...missing, ...extra];
  return differences.length === 0 ? `the same ${ours.length} things.` : differences.join('; ');
}

/** Lines of `these` that are not in `those`, each as often as it is more often there. */
function without(these: readonly string[], those: readonly string[]): string[] {
  const left = [...those];
  return these.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
