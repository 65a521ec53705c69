import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { makeCertificates } from '../../src/sandbox/certificates.ts';
import { ensurePythonEnvironment } from '../../src/sandbox/environment.ts';
import { type FrontOptions, startTemporalFront, type TemporalFront } from '../../src/sandbox/temporal-front.ts';
import { startTemporalServer, type TemporalServer } from '../../src/sandbox/temporal-server.ts';
import { testCacheDir } from './emulator.ts';

/** Name of a pair of files, certificate and key, that certificates.py makes. */
export type CertificateName = 'ca' | 'client' | 'client-expired' | 'client-v1' | 'stranger-ca' | 'stranger-client';

export interface CertificateFiles {
  path(name: CertificateName, kind?: 'pem' | 'key'): string;
  /** What stands in the file. */
  pem(name: CertificateName, kind?: 'pem' | 'key'): string;
}

/** The files that `makeCertificates` has made in the folder. */
export function certificateFiles(folder: string): CertificateFiles {
  const path: CertificateFiles['path'] = (name, kind = 'pem') => join(folder, `${name}.${kind}`);
  return { path, pem: (name, kind) => readFileSync(path(name, kind), 'utf8') };
}

export interface FrontStage extends CertificateFiles {
  /** The plain dev server behind the fronts. */
  readonly backend: TemporalServer;
  readonly certificates: string;
  /** Starts a front, which ends with the file's tests. */
  front(options: Partial<FrontOptions>): Promise<TemporalFront>;
}

/** A real Temporal dev server, certificates, and fronts as they are asked for, for all tests of a file. */
export function useFronts(): FrontStage {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fargate-front-'));
  const certificates = join(folder, 'certificates');
  const fronts: TemporalFront[] = [];
  let backend: TemporalServer | undefined;
  beforeAll(async () => {
    const environment = await ensurePythonEnvironment({ cacheDir: testCacheDir, note: () => undefined });
    await makeCertificates(environment, certificates);
    backend = await startTemporalServer({ environment, workDir: join(folder, 'temporal') });
  });
  afterAll(async () => {
    await Promise.all(fronts.map((front) => front.stop()));
    await backend?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const running = (): TemporalServer => {
    if (backend === undefined) throw new Error('the server runs only inside tests and hooks');
    return backend;
  };
  return {
    get backend() {
      return running();
    },
    certificates,
    ...certificateFiles(certificates),
    front: async (options) => {
      const front = await startTemporalFront({ backend: running().address, certificates, auth: 'none', ...options });
      fronts.push(front);
      return front;
    },
  };
}
