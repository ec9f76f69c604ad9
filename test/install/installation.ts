import { TRIAL } from './credentials.ts';
import { helmUninstall, helmUpgrade } from './helm.ts';
import type { Images } from './images.ts';
import type { Kubectl } from './kubectl.ts';

export interface InstallOptions {
  readonly images: Images;
  /** Added to the chart's values, section by section. */
  readonly values?: Readonly<Record<string, object>>;
}

/** Installs Meetrec, and what it needs around it, into a namespace under Pod Security `restricted`. */
export async function install(kubectl: Kubectl, options: InstallOptions): Promise<void> {
  const { images } = options;
  const { namespace } = kubectl;
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  await helmUpgrade(kubectl, {
    release: 'dev',
    chart: 'meetrec-dev',
    values: {
      image: {
        s3: images['dev-s3'],
        mongodb: images['dev-mongodb'],
        agoraSimulator: images['agora-simulator'],
      },
      agora: { webhookUrl: 'http://meetrec-api/api/v1/webhooks/agora' },
    },
  });
  await helmUpgrade(kubectl, { release: 'meetrec', chart: 'meetrec', values: trialValues(options) });
}

/** Removes what {@link install} made, the namespace included. */
export async function uninstall(kubectl: Kubectl): Promise<void> {
  // The controller must still be there to let the objects go: they carry its finalizer.
  await kubectl.run('delete', 'meetingrecordings', '--all', '--ignore-not-found', '--timeout=120s');
  await helmUninstall(kubectl, 'meetrec');
  await helmUninstall(kubectl, 'dev');
  await kubectl.run('delete', 'namespace', kubectl.namespace, '--ignore-not-found', '--timeout=120s');
}

function trialValues({ images, values = {} }: InstallOptions): object {
  const defaults: Record<string, object> = {
    image: { operator: images.operator, recorder: images.recorder, pullPolicy: 'IfNotPresent' },
    s3: {
      bucket: TRIAL.bucket,
      endpoint: 'http://dev-s3:7070',
      forcePathStyle: true,
      accessKeyId: TRIAL.accessKeyId,
      secretAccessKey: TRIAL.secretAccessKey,
    },
    agora: {
      baseUrl: 'http://agora-simulator:8080',
      appId: TRIAL.appId,
      customerId: TRIAL.customerId,
      customerSecret: TRIAL.customerSecret,
      webhookSecret: TRIAL.webhookSecret,
    },
    mongodb: { uri: 'mongodb://dev-mongodb:27017/meetrec' },
    auth: { jwtSecret: TRIAL.jwtSecret },
    streamKey: { masterKey: TRIAL.streamKeySecret },
    recorder: { ephemeralStorage: '2Gi' },
    crds: { keep: false },
  };
  const merged = { ...defaults };
  for (const [section, more] of Object.entries(values)) merged[section] = { ...merged[section], ...more };
  return merged;
}
