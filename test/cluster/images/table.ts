import type { ToolName } from '../toolchain/tools.ts';

/** Where a build argument of a Dockerfile points: a public image by default, one made here without a registry. */
export type Base = 'node' | 'debian';

/** Something that is put into the folder that an image is built from. */
export type Ingredient =
  /** A file or folder of the checkout, under its path there unless `to` says otherwise. */
  | { readonly path: string; readonly to?: string }
  /** A program of the toolchain. */
  | { readonly tool: ToolName }
  /** An empty folder. */
  | { readonly folder: string };

export interface Image {
  /** The key in `out/images.json`. */
  readonly name: string;
  readonly repository: string;
  /** Of the checkout. */
  readonly dockerfile: string;
  readonly ingredients: readonly Ingredient[];
  readonly bases: Readonly<Record<string, Base>>;
}

/** The images that Meetrec and its development setting consist of. */
export const images = [
  {
    name: 'operator',
    repository: 'meetrec/operator',
    dockerfile: 'operator/Dockerfile',
    ingredients: [{ path: 'out/bundle/operator' }],
    bases: { BASE_IMAGE: 'node' },
  },
  {
    name: 'recorder',
    repository: 'meetrec/recorder',
    dockerfile: 'recorder-image/Dockerfile',
    ingredients: [
      { path: 'recorder-image/ffmpeg' },
      { path: 'recorder-image/supervise.sh' },
      { path: 'recorder-image/meetrec-verify' },
      { path: 'recorder-image/watch.sh' },
      { path: 'out/bundle/recorder' },
    ],
    bases: { BASE_IMAGE: 'node', BUILD_IMAGE: 'debian' },
  },
  {
    name: 'agora-simulator',
    repository: 'meetrec/agora-simulator',
    dockerfile: 'test/agora-simulator/Dockerfile',
    ingredients: [{ path: 'test/agora-simulator/ffmpeg' }, { path: 'out/bundle/agora-simulator' }],
    bases: { BASE_IMAGE: 'node', BUILD_IMAGE: 'debian' },
  },
  {
    name: 'dev-s3',
    repository: 'meetrec/dev-s3',
    dockerfile: 'test/cluster/images/s3/Dockerfile',
    ingredients: [{ tool: 'versitygw' }, { folder: 'data' }],
    bases: {},
  },
  {
    name: 'dev-mongodb',
    repository: 'meetrec/dev-mongodb',
    dockerfile: 'test/cluster/images/mongodb/Dockerfile',
    ingredients: [{ tool: 'ferretdb' }, { folder: 'data' }],
    bases: {},
  },
  {
    name: 'dev-gateway',
    repository: 'meetrec/dev-gateway',
    dockerfile: 'test/cluster/images/gateway/Dockerfile',
    ingredients: [{ tool: 'traefik-gateway' }],
    bases: {},
  },
] as const satisfies readonly Image[];

export type ImageName = (typeof images)[number]['name'];

/** What the cluster of nodes itself needs, before any other image. */
export const pauseImage: Image = {
  name: 'pause',
  repository: 'meetrec/pause',
  dockerfile: 'test/cluster/images/pause/Dockerfile',
  ingredients: [{ tool: 'pause' }],
  bases: {},
};
