import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cell, nameOf } from './cells.ts';
import type { Undisturbed } from './matrix.ts';
import type { Recorded } from './report.ts';

/** What earlier runs of the matrix have found, in a folder of its own. */
export class Records {
  private readonly folder: string;
  private readonly byName: Map<string, Recorded>;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    const lines = existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').filter(Boolean) : [];
    const recorded = lines.map((line) => JSON.parse(line) as Recorded);
    this.byName = new Map(recorded.map((one) => [nameOf(one.cell), one]));
  }

  get all(): readonly Recorded[] {
    return [...this.byName.values()];
  }

  of(cell: Cell): Recorded | undefined {
    return this.byName.get(nameOf(cell));
  }

  /** Takes the place of an earlier one of the same cell. Written at once: a matrix that is stopped loses nothing. */
  add(recorded: Recorded): void {
    this.byName.set(nameOf(recorded.cell), recorded);
    appendFileSync(this.file, `${JSON.stringify(recorded)}\n`);
  }

  /** What `run` finds, or what it has found of the very same program, looking in the very same way. */
  async undisturbed(bin: string, run: () => Promise<Undisturbed>): Promise<Undisturbed> {
    const file = join(this.folder, `undisturbed-${hashOf([dirname(bin), ...LOOKS])}.json`);
    if (existsSync(file)) {
      const { calls, made } = JSON.parse(readFileSync(file, 'utf8'));
      return { calls: new Map(calls), made: new Map(made) };
    }
    const found = await run();
    writeFileSync(file, JSON.stringify({ calls: [...found.calls], made: [...found.made] }));
    return found;
  }

  private get file(): string {
    return join(this.folder, 'outcomes.jsonl');
  }
}

/** What is run, and how it is looked at. */
const LOOKS = ['.', '../helpers'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

function hashOf(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const entry of folders.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))) {
    if (entry.isFile() && !entry.name.endsWith('.pyc')) hash.update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex').slice(0, 12);
}
