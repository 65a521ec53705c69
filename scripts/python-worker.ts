// Part of the set-up of `npm test`: the Python environment of the example worker. Runs through tsx.
import { ensurePythonWorker } from '../test/helpers/python-worker.ts';

await ensurePythonWorker();
