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

/**
 * Calls that a step makes one after the other, to create and to delete. The others make one. Each step also saves its
 * intent before and its id after a create, and its intent before a delete.
 */
const CALLS: readonly { readonly id: RegExp; readonly create: number; readonly remove: number }[] = [
  // Attached and detached by calls of their own.
  { id: /^network\/internet-gateway$/, create: 2, remove: 2 },
  // The table, its default route, and two subnets.
  { id: /^network\/route-table\//, create: 4, remove: 3 },
  // Retention, the lifecycle of images, the bucket's policy and the role's are put after the create.
  { id: /^compute\/log-group$/, create: 2, remove: 1 },
  { id: /^image\/repository$/, create: 2, remove: 1 },
  { id: /^data\/bucket$/, create: 2, remove: 2 },
  { id: /^identity\//, create: 2, remove: 2 },
  // Is it there; what is missing of it; start, part and end of the largest blob; the manifest.
  { id: /^image\/worker\//, create: 6, remove: 0 },
  // After the service-linked role.
  { id: /^compute\/cluster$/, create: 2, remove: 1 },
  // The service-linked role, the target and two policies.
  { id: /^scaling\/target\//, create: 4, remove: 1 },
  // Its revisions are listed, active and inactive at once, deregistered and deleted.
  { id: /^compute\/task-definition\//, create: 1, remove: 3 },
];

const SAVES = { create: 2, remove: 1 } as const;

const callsOf = (id: string) => CALLS.find((entry) => entry.id.test(id)) ?? { create: 1, remove: 1 };

/** Calls that change something when all is created, the image apart: what the table above says. */
export const callsToCreate = (): number =>
  steps().reduce((sum, { id }) => sum + (id.startsWith('image/worker') ? 0 : callsOf(id).create), 0);

/** What has to happen to create everything. @param callSeconds one call, there and back @param scale of AWS's times */
export function piecesToCreate(callSeconds: number, scale: number): Piece[] {
  return steps().map(({ id, needs }) => ({
    id,
    after: needs,
    create: (callsOf(id).create + SAVES.create) * callSeconds,
    ready: scale * readySeconds(id),
  }));
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
      create: (callsOf(id).remove + SAVES.remove) * callSeconds,
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
