import { coreBridgeTarget, type Platform } from './platform.ts';

/** Raise it when a rule below changes: it is part of the key under which dependency layers are cached. */
export const PRUNING_VERSION = 1;

/** Type declarations, source maps and pages to read: nothing loads them at run time. */
const NOT_RUN = /\.(ts|mts|cts|map|md|markdown)$/i;
const LICENSE = /(^|\/)(licen[cs]e|notice|copying)[^/]*$/i;

/** What the native core is built from. */
const CORE_BRIDGE_SOURCES = /^(sdk-core|bridge-macros|src|ts|scripts|Cargo\.\w+)(\/|$)/;

/**
 * Whether a file of an installed node_modules folder belongs into an image. Takes 260 MB of Temporal SDK to less than
 * half, mainly the native cores of four other platforms.
 * @param path relative to node_modules
 */
export function isNeededAtRuntime(path: string, platform: Platform): boolean {
  const { name, inside } = splitPackage(path);
  // npm's own notes (.bin, .package-lock.json), which differ between npm's versions.
  if (name.startsWith('.')) return false;
  if (LICENSE.test(path)) return true;
  if (NOT_RUN.test(path) || /^(test|tests|__tests__)\//.test(inside)) return false;
  if (name !== '@temporalio/core-bridge') return true;
  if (inside.startsWith('releases/')) return inside.startsWith(`releases/${coreBridgeTarget(platform)}/`);
  return !CORE_BRIDGE_SOURCES.test(inside);
}

/** The innermost package that the path lies in, and the path within it. */
function splitPackage(path: string): { name: string; inside: string } {
  const parts = (path.split('node_modules/').at(-1) ?? path).split('/');
  const length = parts[0]?.startsWith('@') ? 2 : 1;
  return { name: parts.slice(0, length).join('/'), inside: parts.slice(length).join('/') };
}
