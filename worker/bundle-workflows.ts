import { isAbsolute, join, relative } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const INLINE_MAP = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

/** The code of `workflows.ts` as the SDK runs it, apart from everything else; it has to be made by the same SDK version. */
export async function bundleWorkflows(sourceDir: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(sourceDir, 'workflows.ts'),
    logger: new DefaultLogger('WARN'),
    // Module names relative to the sources. A map of lines only: columns would depend on the length of the folder's path.
    webpackConfigHook: (config) => ({ ...config, context: sourceDir, devtool: 'inline-cheap-module-source-map' }),
  });
  return withRelativeSources(code, sourceDir);
}

/** The SDK needs the inline source map, for stack traces, but writes this machine's absolute paths into it. */
function withRelativeSources(code: string, sourceDir: string): string {
  const start = code.lastIndexOf(INLINE_MAP);
  if (start < 0) throw new Error('the workflow bundle has no inline source map; did @temporalio/worker change?');
  const map = JSON.parse(Buffer.from(code.slice(start + INLINE_MAP.length), 'base64').toString()) as {
    file: string;
    sources: string[];
    sourcesContent: string[];
  };
  // Webpack's name for the file holds a hash that the absolute paths went into.
  map.file = 'workflow-bundle.js';
  const withoutFolder = (path: string) => (isAbsolute(path) ? relative(sourceDir, path) : path);
  // Modules left out on purpose are written as `ignored|<folder>|<request>`.
  map.sources = map.sources.map((source) => source.split('|').map(withoutFolder).join('|'));
  // The generated entry point requires the workflows by path.
  map.sourcesContent = map.sourcesContent.map((content) => content.replaceAll(sourceDir, '.'));
  return `${code.slice(0, start)}${INLINE_MAP}${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}
