// The arrows of the architecture: who may import whom. Everything else is an error.
const may = (from, to) => ({
  name: `arrows-of-${from.replaceAll('/', '-')}`,
  severity: 'error',
  comment: `${from} may import ${to.join(', ')}`,
  from: { path: `^${from}/` },
  to: { path: '^(src|state|worker|test|bench)/', pathNot: [`^${from}/`, ...to.map((path) => `^${path}`)].join('|') },
});
const ERRORS = 'src/errors\\.ts$';
const CHILDREN = 'src/child-environment\\.ts$';
const typesOnly = (from, to) => ({
  name: `types-only-${from.replaceAll('/', '-')}`,
  severity: 'error',
  comment: `${from} may know ${to} by type only`,
  from: { path: `^${from}/` },
  to: { path: `^${to}`, dependencyTypesNot: ['type-only'] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    may('src/commands', ['src/config/', 'src/preflight/', 'src/engine/', 'src/steps/', 'src/aws/', 'src/policy/', 'src/pricing/', 'src/image/', 'src/temporal/', 'src/sandbox/', 'src/ui/', 'state/', 'src/package-files\\.ts$', CHILDREN, ERRORS]),
    may('src/config', [ERRORS]),
    may('src/preflight', ['src/aws/', 'src/temporal/', 'src/config/', 'src/engine/ownership\\.ts$', ERRORS]),
    may('src/pricing', ['src/engine/step\\.ts$', 'src/aws/', 'src/steps/', 'src/config/', ERRORS]),
    typesOnly('src/pricing', 'src/steps/'),
    may('src/policy', ['src/steps/', 'src/config/', 'state/bucket\\.ts$', ERRORS]),
    may('src/engine', ['state/(store|document)\\.ts$', ERRORS]),
    typesOnly('src/engine', 'state/'),
    may('src/steps', ['src/engine/(step|ownership)\\.ts$', 'src/aws/', 'src/image/', 'src/config/(schema)\\.ts$', ERRORS]),
    typesOnly('src/steps', 'src/config/'),
    may('src/aws', ['src/engine/(ownership|context)\\.ts$', 'src/image/oci\\.ts$', ERRORS]),
    typesOnly('src/aws', 'src/image/'),
    may('src/image', ['src/package-files\\.ts$', CHILDREN, ERRORS]),
    may('src/temporal', [ERRORS]),
    may('src/sandbox', ['src/package-files\\.ts$', CHILDREN, ERRORS]),
    may('src/ui', ['src/engine/(events|plan)\\.ts$', 'src/aws/service-report\\.ts$', ERRORS]),
    typesOnly('src/ui', 'src/aws/'),
    may('state', ['src/aws/(bucket(-settings)?|errors)\\.ts$', 'src/engine/ownership\\.ts$', ERRORS]),
    may('worker', []),
    { name: 'nothing-imports-commands', severity: 'error', from: { pathNot: '^(src/(main|cli(-flags)?)\\.ts|src/commands/|test/)' }, to: { path: '^src/commands/' } },
    { name: 'src-without-worker', severity: 'error', from: { path: '^(src|state)/' }, to: { path: '^worker/' } },
    { name: 'engine-without-sdk-and-terminal', severity: 'error', from: { path: '^src/engine/' }, to: { path: '@aws-sdk|@smithy|node_modules/(ora|@inquirer)' } },
    { name: 'sdk-clients-in-one-place', severity: 'error', from: { path: '^src/ui/|^src/config/' }, to: { path: '@aws-sdk' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
