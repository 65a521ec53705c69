// The licences of the packages whose code is in a bundle, which they ask to be passed on with it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** The folder of the package that a bundled file is of: "node_modules/@smithy/core". */
const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Packages of an esbuild metafile, by the folders that they lie in. */
export const packagesOf = ({ inputs }) => Object.keys(inputs).flatMap((path) => PACKAGE.exec(path)?.[0] ?? []);

/** Packages that an unminified bundle names above each of its modules. */
export function packagesNamedIn(code) {
  return [...code.matchAll(/^(?:\/\/ |.{0,4}!\*{3} )(?:\.\/)?(\S*node_modules\/\S+)/gm)].flatMap(
    ([, path]) => PACKAGE.exec(path)?.[0] ?? [],
  );
}

/** Writes `file`, one text for all packages that have the same. `folders` are relative to the folder they are listed for. */
export function writeLicenses(file, folders) {
  const byText = new Map();
  for (const folder of new Set(folders)) {
    const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const text = licenceText(folder) ?? `${license}, by ${author?.name ?? author ?? 'its authors'}`;
    const title = `${name} ${version} (${license})`;
    byText.set(text, (byText.get(text) ?? new Set()).add(title));
  }
  const parts = [...byText].map(([text, titles]) => `${[...titles].sort().join('\n')}\n\n${text.trim()}\n`);
  const rule = `\n${'-'.repeat(100)}\n\n`;
  writeFileSync(file, `Code of these packages is part of this program.\n${rule}${parts.sort().join(rule)}`);
}

function licenceText(folder) {
  const name = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(entry));
  return name && readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
}

/** Of everything in dist: the program by esbuild's own list, the worker by what its bundles name. */
export function writeAllLicenses(out, metafile) {
  const folders = packagesOf(metafile).map((path) => join(root, path));
  for (const name of ['main.js', 'workflow-worker-thread.js', 'workflow-bundle.js']) {
    const named = packagesNamedIn(readFileSync(join(out, 'worker/dist', name), 'utf8'));
    if (named.length === 0) throw new Error(`${name} names no package; does its bundler still say what it bundles?`);
    const inWorker = named.map((path) => join(root, 'worker', path.slice(path.indexOf('node_modules'))));
    folders.push(...inWorker.filter((folder) => existsSync(join(folder, 'package.json'))));
  }
  writeLicenses(join(out, 'THIRD-PARTY-LICENSES.txt'), folders);
}
