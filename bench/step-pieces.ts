import { needsOf } from '../src/engine/step.ts';
import { infrastructure } from '../src/steps/index.ts';
import { referenceConfig } from '../test/helpers/aws-stack.ts';
import type { Piece } from './critical-path.ts';

/** Seconds that AWS takes; bench/NOTES.md says where they are from. */
export const AWS_SECONDS = {
  natAvailable: 95,
  natDeleted: 60,
  endpoint: 5,
  /** From its start until a task is healthy. */
  taskStarted: 90,
  /** From the end of its tasks until a service is gone; tasks end at once here. */
  serviceGone: 60,
  /** From a task's end until its network interface is gone: 30 s after the service. */
  interfaceGone: 90,
  /** Until a new role is known everywhere. */
  role: 10,
} as const;

interface Calls {
  /** One after the other until the thing exists. */
  readonly create: number;
  /** Those that change it after that, while its id is stored. */
  readonly after: number;
  readonly remove: number;
}

/** What steps call to create and to delete. The others make one call each. */
const CALLS: readonly (Calls & { readonly id: RegExp })[] = [
  // Attached and detached by calls of their own.
  { id: /^network\/internet-gateway$/, create: 1, after: 1, remove: 2 },
  // The table; its default route and two subnets.
  { id: /^network\/route-table\//, create: 1, after: 3, remove: 3 },
  // Retention, the lifecycle of images, the bucket's policy and the role's are put after the create.
  { id: /^compute\/log-group$/, create: 1, after: 1, remove: 1 },
  { id: /^image\/repository$/, create: 1, after: 1, remove: 1 },
  { id: /^data\/bucket$/, create: 1, after: 1, remove: 2 },
  { id: /^identity\//, create: 1, after: 1, remove: 2 },
  // Start, part and end of the largest blob; the manifest.
  { id: /^image\/worker-image\//, create: 4, after: 0, remove: 0 },
  // After the service-linked role.
  { id: /^compute\/cluster$/, create: 2, after: 0, remove: 1 },
  // The service-linked role and the target; two policies.
  { id: /^scaling\/target\//, create: 2, after: 2, remove: 1 },
  // Its revisions are listed, active and inactive at once, deregistered and deleted.
  { id: /^compute\/task-definition\//, create: 1, after: 0, remove: 3 },
];

const callsOf = (id: string): Calls => CALLS.find((entry) => entry.id.test(id)) ?? { create: 1, after: 0, remove: 1 };

/** One save of the state before a create, which takes the ids of what it needs along, and one before a delete. */
const SAVE = 1;

/** Calls that change something when all is created, the image apart: what the table above says. */
export const callsToCreate = (): number =>
  steps()
    .filter(({ id }) => !id.startsWith('image/worker-image/'))
    .reduce((sum, { id }) => sum + callsOf(id).create + callsOf(id).after, 0);

/** What has to happen to create everything. @param callSeconds one call, there and back @param scale of AWS's times */
export function piecesToCreate(callSeconds: number, scale: number): Piece[] {
  const all = steps();
  return all.map(({ id, needs }) => {
    const { create, after } = callsOf(id);
    const wait = scale * readySeconds(id);
    const isLast = !all.some((other) => other.needs.some((need) => need.id === id));
    // The next intent takes the id along; where nothing follows, it is stored by itself.
    const saves = isLast && after === 0 ? SAVE : 0;
    return {
      id,
      after: needs,
      create: (SAVE + create) * callSeconds,
      ready: wait + (saves + after + looksAt(id, wait)) * callSeconds,
    };
  });
}

/** Calls of the look that sees the end of a wait; a service is never stable by the answer to its create. */
function looksAt(id: string, wait: number): number {
  if (id.startsWith('compute/service/')) return 2;
  return wait > 0 && !id.startsWith('identity/') ? 1 : 0;
}

/** The same backwards: everything goes after what needs it. */
export function piecesToRemove(callSeconds: number, scale: number): Piece[] {
  const all = steps();
  return [
    ...all.map(({ id }) => ({
      id,
      after: [
        ...all.filter(({ needs }) => needs.some((need) => need.id === id)).map((one) => one.id),
        ...(HOLDS_INTERFACES.test(id) ? [INTERFACE] : []),
      ].map((one) => ({ id: one, until: 'ready' as const })),
      create: (callsOf(id).remove + SAVE) * callSeconds,
      ready: scale * goneSeconds(id),
    })),
    {
      id: INTERFACE,
      after: [{ id: 'compute/service/worker', until: 'ready' }],
      create: 0,
      ready: scale * (AWS_SECONDS.interfaceGone - AWS_SECONDS.serviceGone),
    },
  ];
}

const INTERFACE = "(the task's network interface)";
const HOLDS_INTERFACES = /^network\/(security-group|subnet\/private)/;

const steps = () =>
  infrastructure(referenceConfig(), { secretValue: '{}' }).map((step) => ({
    id: step.id,
    needs: needsOf(step).map(({ step: { id }, until }) => ({ id, until })),
  }));

function readySeconds(id: string): number {
  if (id.startsWith('network/nat-gateway/')) return AWS_SECONDS.natAvailable;
  if (id === 'network/s3-endpoint') return AWS_SECONDS.endpoint;
  if (id.startsWith('compute/service/')) return AWS_SECONDS.taskStarted;
  if (id.startsWith('identity/')) return AWS_SECONDS.role;
  return 0;
}

function goneSeconds(id: string): number {
  if (id.startsWith('network/nat-gateway/')) return AWS_SECONDS.natDeleted;
  if (id === 'network/s3-endpoint') return AWS_SECONDS.endpoint;
  if (id.startsWith('compute/service/')) return AWS_SECONDS.serviceGone;
  return 0;
}
