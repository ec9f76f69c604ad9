import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { customResourceDefinition } from './custom-resource-definition.ts';

/** Where the generated CustomResourceDefinition is checked in: for kubectl, and for the chart, which can't look outside its folder. */
export const CRD_FILES = [
  new URL('../../crds/meetrec.dev_meetingrecordings.yaml', import.meta.url),
  new URL('../../charts/meetrec/files/meetrec.dev_meetingrecordings.yaml', import.meta.url),
];

export function renderCustomResourceDefinition(): string {
  const header = '# Generated from operator/crd by `make generate`. Do not edit.\n';
  return header + stringify(customResourceDefinition(), { lineWidth: 110, aliasDuplicateObjects: false });
}

if (import.meta.main) {
  for (const file of CRD_FILES) await writeFile(file, renderCustomResourceDefinition());
}
