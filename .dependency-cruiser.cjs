// The folder dependency rule of docs/architecture.md, checked by `make lint`.
/** What each folder may import of the project's other folders, besides itself. */
const mayImport = {
  'operator/crd': ['recorder-image/contract'],
  'operator/runtime': [],
  'operator/agora': [],
  'operator/storage': ['recorder-image/contract'],
  'operator/meetings': ['operator/crd', 'recorder-image/contract'],
  'operator/controller': ['operator/crd', 'operator/runtime', 'operator/agora', 'recorder-image/contract'],
  'operator/api': [
    'operator/meetings',
    'operator/crd',
    'operator/storage',
    'operator/agora',
    'recorder-image/contract',
  ],
  // The composition roots put everything together.
  'operator/bin': ['operator', 'recorder-image/contract'],
  'recorder-image': [],
};

const own = '^(operator|recorder-image|test)/';
const isTest = '(\\.test\\.ts$|/testing/)';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-development-dependencies',
      comment: 'What runs in an image may only import what package.json lists under dependencies.',
      severity: 'error',
      from: { path: '^(operator|recorder-image)/', pathNot: [isTest, 'operator/crd/generate\\.ts$'] },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'contract-only',
      comment: "The recorder's contract imports nothing of the recorder.",
      severity: 'error',
      from: { path: '^recorder-image/contract/' },
      to: { path: own, pathNot: '^recorder-image/contract/' },
    },
    {
      name: 'fluent-ffmpeg-in-one-module',
      comment: 'fluent-ffmpeg is no longer maintained: behind our own verbs, it can go.',
      severity: 'error',
      from: { path: '^(operator|recorder-image|test)/', pathNot: '^recorder-image/mux/ffmpeg\\.ts$' },
      to: { path: '^node_modules/(@types/)?fluent-ffmpeg/' },
    },
    ...Object.entries(mayImport).map(([folder, others]) => ({
      name: `imports-of-${folder.replace('/', '-')}`,
      severity: 'error',
      from: { path: `^${folder}/`, pathNot: isTest },
      to: { path: own, pathNot: [folder, ...others].map((other) => `^${other}/`) },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
