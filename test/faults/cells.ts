import type { LoggedCall } from '../helpers/emulator.ts';
import type { CommandName } from './commands.ts';
import { DISTURBANCES, type DisturbanceName } from './disturbances.ts';

/** One place of the matrix: what happens to the `ordinal`-th call of an operation in a run of a command. */
export interface Cell {
  readonly command: CommandName;
  readonly service: string;
  readonly operation: string;
  /** Calls run side by side, so their order differs from run to run; the n-th call of one operation is in every run. */
  readonly ordinal: number;
  readonly disturbance: DisturbanceName;
}

export const nameOf = ({ command, service, operation, ordinal, disturbance }: Cell): string =>
  `${command}: ${service} ${operation} ${ordinal} ${disturbance}`;

/** Calls of undisturbed runs. */
export type Runs = ReadonlyMap<CommandName, readonly LoggedCall[]>;

/** The whole matrix. */
export const cellsOf = (runs: Runs): Cell[] =>
  (Object.keys(DISTURBANCES) as DisturbanceName[]).flatMap((disturbance) => {
    const { at } = DISTURBANCES[disturbance];
    return (at === 'each' ? everyChange(runs) : oneOfEach(runs, at === 'mutating')).map((place) => ({
      ...place,
      disturbance,
    }));
  });

type Place = Omit<Cell, 'disturbance'>;

/** Changes that AWS refused are made again, and how often is up to the moment: they do not count. */
const isChange = ({ mutating, error }: LoggedCall): boolean => mutating && error === null;

function everyChange(runs: Runs): Place[] {
  return [...runs].flatMap(([command, calls]) => numbered(command, calls.filter(isChange)));
}

/** The middle call of every operation, in the first command that makes it. */
function oneOfEach(runs: Runs, mutating: boolean): Place[] {
  const places = [...runs].flatMap(([command, calls]) =>
    numbered(
      command,
      calls.filter((call) => (call.mutating ? isChange(call) : !mutating)),
    ),
  );
  const operations = new Set(places.map(operationOf));
  return [...operations].flatMap((operation) => {
    const all = places.filter((place) => operationOf(place) === operation);
    const first = all.filter(({ command }) => command === all[0]?.command);
    return first.slice(Math.floor((first.length - 1) / 2)).slice(0, 1);
  });
}

const operationOf = ({ service, operation }: Place): string => `${service} ${operation}`;

function numbered(command: CommandName, calls: readonly LoggedCall[]): Place[] {
  const seen = new Map<string, number>();
  return calls.map(({ service, operation }) => {
    const ordinal = (seen.get(`${service} ${operation}`) ?? 0) + 1;
    seen.set(`${service} ${operation}`, ordinal);
    return { command, service, operation, ordinal };
  });
}
