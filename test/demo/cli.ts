import { mkdir, rm } from 'node:fs/promises';
import { say, secondsSince, step } from '../cluster/progress.ts';
import { builtImages } from '../install/images.ts';
import { install } from '../install/installation.ts';
import { Kubectl } from '../install/kubectl.ts';
import { bringUpCluster, takeDownCluster } from '../install/own-cluster.ts';
import { Workbench } from '../install/workbench.ts';
import { demoOptions, USAGE } from './options.ts';
import type { DemoOptions } from './options.ts';
import { recordAMeeting } from './record-a-meeting.ts';
import { inspectFile } from './inspect-file.ts';
import { writeReport } from '../report/report.ts';

const CLUSTER = 'demo';
const NAMESPACE = 'meetrec-demo';
const OUT = 'out/demo';

/** The demo from a bare machine to the verdict. Returns the exit code. */
async function demo(options: DemoOptions): Promise<number> {
  const began = performance.now();
  const startedAt = new Date().toISOString();
  const kubectl = await prepare(options);

  await using workbench = await Workbench.open(kubectl);
  say('\nA meeting is recorded');
  const recorded = await recordAMeeting(workbench, options.seconds);

  say('\nWhat an SRE sees\n');
  say(await kubectl.run('get', 'mrec'));
  say(await kubectl.run('get', 'mrec', '--output=wide'));
  say(await kubectl.run('get', 'pods'));

  const files = { published: `${OUT}/published.flv`, recording: `${OUT}/recording.mp4` };
  await workbench.download(recorded.downloadUrl, files.recording);
  await workbench.downloadPublished(`meetrec-${recorded.recording.metadata.uid}`, files.published);
  say('The downloaded file\n');
  const inspection = await inspectFile(files);
  say(inspection.summary);
  for (const line of inspection.verdict) say(line);

  const report = await writeReport('demo', {
    startedAt,
    figures: {
      totalSeconds: Number(secondsSince(began)),
      availableAfterMs: recorded.availableAfterMs,
      packetsPublished: inspection.published,
      packetsMissing: inspection.missing,
    },
    details: { phases: recorded.phases, status: recorded.recording.status, files },
  });
  say(
    `\n${files.recording}, ${files.published} and ${report} are there, after ${secondsSince(began)} s in all.`,
  );
  if (options.kubeconfig === undefined) {
    say(`Look around:  ${kubectl.command('get', 'mrec').flat().join(' ')}\nClean up:     make demo-clean`);
  }
  return inspection.ok ? 0 : 1;
}

/** A cluster with Meetrec on it, as it is after this whether or not an earlier demo was interrupted. */
async function prepare(options: DemoOptions): Promise<Kubectl> {
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  const kubeconfig = options.kubeconfig ?? (await bringUpCluster(CLUSTER));
  const images = await builtImages();
  const kubectl = await Kubectl.for({ kubeconfig, namespace: NAMESPACE });
  await step('Meetrec is installed with Helm', () =>
    install(kubectl, { images, values: { recorder: { reconnectWindow: 60 } } }),
  );
  return kubectl;
}

async function main(): Promise<number> {
  const options = demoOptions(process.argv.slice(2), process.env);
  if (options.help) {
    say(USAGE);
    return 0;
  }
  if (options.clean) {
    await takeDownCluster(CLUSTER);
    await rm(OUT, { recursive: true, force: true });
    return 0;
  }
  return await demo(options);
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
