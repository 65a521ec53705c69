import type { Permission, StepActions } from '../steps/permission.ts';
import { mayRegister } from '../steps/scaling/permissions.ts';
import { mayFindUsedImages, mayLookAtUsed, mayReadUsedSecrets } from '../steps/used.ts';
import * as looks from './looks.ts';
import type { PolicyCommand } from './names.ts';
import * as state from './state.ts';
import { everyStep } from './steps.ts';

type Name = Exclude<PolicyCommand, 'all'>;

type Verb = Exclude<keyof StepActions, 'permanent'>;

/** What the steps need for these verbs. */
const steps = (verbs: readonly Verb[], which: RegExp = /./): Permission[] =>
  everyStep()
    .filter(({ id }) => which.test(id))
    .flatMap(({ actions }) => verbs.flatMap((verb) => actions[verb] ?? []));

/** What `init` may take away again: all but what stays for as long as the stack does. */
const replaceable = (): Permission[] =>
  everyStep().flatMap(({ actions }) => (actions.permanent ? [] : actions.destroy));

/** Seeing all of a stack that is there, and what would be done about it. */
const mayPlan = (): Permission[] => [...state.mayReadState, ...looks.maySurvey, ...steps(['find', 'load'])];

/** Doing so under the lock. */
const mayWork = (): Permission[] => [...mayPlan(), ...state.mayWriteState];

/** To ask Temporal who polls, as the workers do. */
const mayAskTemporal: readonly Permission[] = [...looks.mayReadCredentials, ...mayReadUsedSecrets];

/** Proving a deployment, and tidying up behind it. */
const mayRollOut = (): Permission[] => [
  ...steps(['explain', 'stop'], /^compute\/service\//),
  ...mayAskTemporal,
  ...looks.mayPrune,
];

/** Running the images that another stack runs. */
const mayTakeImages: readonly Permission[] = [...state.mayReadUsedStates, ...mayFindUsedImages];

/** What `history` marks: the revision that runs, and images that are still there. */
const WHAT_RUNS = /^(image\/worker-image|compute\/(task-definition|service))\//;

const OF_CODE = /^(image\/worker-image|compute\/(task-definition|service)|scaling)\//;

/** What each command needs for one stack. */
const COMMANDS = {
  init: () => [
    ...mayWork(),
    ...state.mayReadAllStates,
    ...state.maySeeSettings,
    ...steps(['create', 'update', 'retag', 'explain', 'stop']),
    ...replaceable(),
    ...looks.mayListRoles,
    ...looks.mayFindPlaces,
    ...looks.maySeeRegions,
    ...looks.mayLookAtNetworks,
    ...looks.mayCheckAccount,
    ...mayLookAtUsed,
    ...mayRollOut(),
  ],
  plan: () => [
    ...mayPlan(),
    ...state.mayReadAllStates,
    ...looks.mayListRoles,
    ...looks.mayFindPlaces,
    ...looks.mayLookAtNetworks,
    ...mayLookAtUsed,
  ],
  doctor: () => [
    ...state.mayReadState,
    ...state.mayReadAllStates,
    ...looks.mayLookAtNetworks,
    ...looks.mayCheckAccount,
    ...looks.maySeeServiceRoles,
    ...mayAskTemporal,
  ],
  cost: () => [...state.mayReadState],
  deploy: () => [
    ...mayWork(),
    ...steps(['create', 'update'], OF_CODE),
    ...mayLookAtUsed,
    ...mayTakeImages,
    ...mayRollOut(),
  ],
  rollback: () => [...mayWork(), ...steps(['update'], /^compute\/service\//), ...mayRollOut()],
  pause: () => [...mayWork(), ...mayRegister],
  resume: () => [...mayWork(), ...mayRegister, ...looks.maySeeTasks, ...mayAskTemporal],
  trigger: () => [...state.mayReadState, ...mayAskTemporal],
  status: () => [...mayPlan(), ...looks.maySeeTasks, ...looks.maySeeScaling, ...looks.maySeeEgress, ...mayAskTemporal],
  logs: () => [...state.mayReadState, ...looks.mayReadLogs],
  history: () => [...state.mayReadState, ...steps(['find'], WHAT_RUNS)],
  list: () => [...state.mayReadState, ...state.mayReadAllStates, ...looks.maySeeRegions, ...looks.mayCountTasks],
  destroy: () => [
    ...state.mayReadState,
    ...state.mayReadAllStates,
    ...state.mayWriteState,
    ...state.mayPurgeState,
    ...looks.maySurvey,
    ...looks.mayListRoles,
    ...looks.maySeeZones,
    ...steps(['find', 'explain', 'destroy', 'deleteData']),
  ],
  unlock: () => [...state.mayReadState, ...state.mayWriteState],
  state: () => [
    ...state.mayReadState,
    ...state.mayReadAllStates,
    ...state.mayReadVersions,
    ...state.mayWriteState,
    ...state.maySeeSettings,
  ],
} as const satisfies Record<Name, () => readonly Permission[]>;

/** What only those need who answer for all stacks of the account and region: they share the state bucket. */
const OF_ALL_STACKS: Partial<Record<Name, readonly Permission[]>> = {
  init: state.mayMakeBucket,
  state: state.mayMakeBucket,
  destroy: state.mayDeleteBucket,
};

/** @param stack `undefined` for every stack of the account and region */
export function permissionsOf(command: PolicyCommand, stack: string | undefined): readonly Permission[] {
  if (command === 'all') return Object.keys(COMMANDS).flatMap((name) => permissionsOf(name as Name, stack));
  return [...COMMANDS[command](), ...((stack === undefined && OF_ALL_STACKS[command]) || [])];
}
