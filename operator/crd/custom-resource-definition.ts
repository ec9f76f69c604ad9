import { z } from 'zod';
import { rules } from './cel.ts';
import { GROUP, KIND, LIST_KIND, MAX_NAME_LENGTH, PLURAL, SHORT_NAME, SINGULAR, VERSION } from './names.ts';
import { specSchema } from './spec.ts';
import { statusSchema } from './status.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const printerColumns = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Meeting', type: 'string', jsonPath: '.spec.meetingId' },
  { name: 'Format', type: 'string', jsonPath: '.spec.output.format' },
  { name: 'Duration', type: 'number', jsonPath: '.status.durationSeconds', description: 'Seconds of media.' },
  { name: 'Size', type: 'integer', jsonPath: '.status.file.sizeBytes', description: 'Bytes in S3.' },
  { name: 'Reason', type: 'string', jsonPath: '.status.reason' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Node', type: 'string', jsonPath: '.status.nodeName', priority: 1 },
  { name: 'Pod', type: 'string', jsonPath: '.status.podName', priority: 1 },
  {
    name: 'Complete',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Complete")].status',
    description: 'Whether everything that was accepted is in the files.',
    priority: 1,
  },
  {
    name: 'Missing',
    type: 'number',
    jsonPath: '.status.missingSeconds',
    description: "Seconds that are missing by the installation's fault.",
    priority: 1,
  },
  { name: 'Key', type: 'string', jsonPath: '.status.file.key', priority: 1 },
];

/** The CustomResourceDefinition that the zod schemas state, as the API server takes it. */
export function customResourceDefinition(): Record<string, Json> {
  const schema = {
    type: 'object',
    description: 'A meeting that is recorded: one object, one recorder pod, one file in S3.',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: structural(specSchema),
      status: structural(statusSchema),
    },
    ...structuralRules(
      `self.metadata.name.size() <= ${MAX_NAME_LENGTH}`,
      `metadata.name has at most ${MAX_NAME_LENGTH} characters: the recorder pod is named after it`,
    ),
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: LIST_KIND,
        plural: PLURAL,
        singular: SINGULAR,
        shortNames: [SHORT_NAME],
        categories: ['meetrec'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: {
            status: {},
            // So that a PodDisruptionBudget can count the bare pods that objects own: one each.
            scale: {
              specReplicasPath: '.spec.immutableReplicas',
              statusReplicasPath: '.status.immutableReplicas',
            },
          },
          selectableFields: [{ jsonPath: '.spec.meetingId' }, { jsonPath: '.status.phase' }],
          additionalPrinterColumns: printerColumns,
        },
      ],
    },
  };
}

function structuralRules(rule: string, message: string): { [key: string]: Json } {
  return JSON.parse(JSON.stringify(rules({ rule, message }))) as { [key: string]: Json };
}

/** JSON Schema in the form that Kubernetes calls structural. */
function structural(schema: z.ZodType): Json {
  const json = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  return JSON.parse(JSON.stringify(json, dropWhatKubernetesRefuses)) as Json;
}

const SAFE_INTEGERS = new Set<unknown>([Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);

/** The API server refuses `$schema`, and bounds that zod adds for JavaScript's sake only tell nobody anything. */
function dropWhatKubernetesRefuses(key: string, value: unknown): unknown {
  if (key === '$schema' || key === 'additionalProperties') return undefined;
  if ((key === 'minimum' || key === 'maximum') && SAFE_INTEGERS.has(value)) return undefined;
  return value;
}
