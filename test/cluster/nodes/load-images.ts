import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageStore } from '../images/ensure-image.ts';
import type { BuiltImage } from '../images/ensure-image.ts';
import type { ImageStore, StoredImage } from '../images/image-store.ts';
import { run } from '../run-command.ts';
import { insideNode } from './node-namespaces.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';

/** The name under which containerd and the kubelet keep an image that was named without a registry. */
export function fullReference(reference: string): string {
  return `docker.io/${reference}`;
}

/** Loads those of the images that a node lacks, into every node at once. */
export async function loadImages(plan: ClusterPlan, images: readonly BuiltImage[]): Promise<void> {
  const store = imageStore();
  const wanted = await Promise.all(images.map((image) => store.get(image.reference)));
  const present = await Promise.all(plan.nodes.map((node) => presentIn(plan, node)));
  const missing = wanted.filter(({ reference }) =>
    present.some(({ names }) => !names.has(fullReference(reference))),
  );
  if (missing.length === 0) return;
  // A layer that every node has already, of another image, need not be sent again.
  const blobs = new Set(missing.flatMap((image) => image.blobs));
  for (const digest of blobs) if (present.every((node) => node.blobs.has(digest))) blobs.delete(digest);

  const work = await mkdtemp(join(plan.directory, 'load-'));
  try {
    const archive = await writeArchive(work, store, missing, blobs);
    await Promise.all(plan.nodes.map((node) => ctr(plan, node, ['images', 'import', archive])));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Present {
  readonly names: ReadonlySet<string>;
  /** Digests, `sha256:…`. */
  readonly blobs: ReadonlySet<string>;
}

async function presentIn(plan: ClusterPlan, node: NodePlan): Promise<Present> {
  const names = await ctr(plan, node, ['images', 'list', '--quiet']);
  const blobs = await ctr(plan, node, ['content', 'list', '--quiet']);
  return { names: new Set(names.split('\n')), blobs: new Set(blobs.split('\n')) };
}

/** One archive for all images, as an OCI layout: the layers that they share are in it once. */
async function writeArchive(
  work: string,
  store: ImageStore,
  images: readonly StoredImage[],
  blobs: ReadonlySet<string>,
): Promise<string> {
  const layout = join(work, 'layout');
  const folder = join(layout, 'blobs', 'sha256');
  await mkdir(folder, { recursive: true });
  for (const digest of blobs)
    await symlink(store.blobFile(digest), join(folder, digest.replace('sha256:', '')));
  const manifests = images.map(({ mediaType, digest, size, reference }) => ({
    mediaType,
    digest,
    size,
    annotations: { 'io.containerd.image.name': fullReference(reference) },
  }));
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const archive = join(work, 'images.tar');
  await run('tar', ['--dereference', '-C', layout, '-cf', archive, 'oci-layout', 'index.json', 'blobs']);
  return archive;
}

async function ctr(plan: ClusterPlan, node: NodePlan, args: readonly string[]): Promise<string> {
  const [command = 'nsenter', ...prefix] = await insideNode(plan, node);
  return await run(command, [...prefix, 'ctr', '--namespace', 'k8s.io', ...args]);
}
