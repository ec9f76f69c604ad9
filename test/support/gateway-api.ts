import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { goModule } from '../cluster/toolchain/go-module.ts';

const VERSION = 'v1.6.3';

interface CustomResource {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

/** The files with the CustomResourceDefinitions of the Gateway API's standard channel, from its Go module. */
export async function gatewayApiFiles(): Promise<string[]> {
  const folder = join(await goModule('sigs.k8s.io/gateway-api', VERSION), 'config/crd/standard');
  // The others are policies about upgrades, and lists of files.
  const files = (await readdir(folder)).filter((file) =>
    /^gateway\.networking\.k8s\.io_[a-z]+\.yaml$/.test(file),
  );
  return files.map((file) => join(folder, file));
}

/** The definition of one of its resources. */
export async function gatewayApiDefinition(plural: string): Promise<CustomResource> {
  const file = (await gatewayApiFiles()).find((path) => path.endsWith(`_${plural}.yaml`)) ?? plural;
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  const objects = documents.map((document) => document.toJS() as CustomResource | null);
  const found = objects.find((object) => object?.kind === 'CustomResourceDefinition');
  if (!found) throw new Error(`${file} has no definition`);
  return found;
}
