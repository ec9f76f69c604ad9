import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { FAULT_MEANINGS, FAULT_NAMES } from './faults/names.ts';
import { cellText } from './options.ts';
import { PHASES } from './phases.ts';

const REPORT = 'out/chaos/report.json';
const PAGE = 'docs/reference/chaos.md';

const reportSchema = z.object({
  machine: z.object({ cores: z.number() }),
  startedAt: z.string(),
  figures: z.record(z.string(), z.number()),
  details: z.object({
    seed: z.number(),
    exposure: z.string(),
    seconds: z.number(),
    cells: z.array(
      z.object({
        fault: z.enum(FAULT_NAMES),
        phase: z.enum(PHASES),
        ok: z.boolean(),
        seconds: z.number(),
        packetsLost: z.number(),
        packetsLostWithNode: z.number(),
        note: z.string(),
      }),
    ),
  }),
});
export type ChaosReport = z.infer<typeof reportSchema>;

/** Writes the documentation's page of what the last run found. Throws where that was not one of the whole matrix. */
export async function writeDocs(): Promise<string> {
  const { data: report, error } = reportSchema.safeParse(JSON.parse(await readFile(REPORT, 'utf8')));
  if (error) throw new Error(`${REPORT} is of another version of this program`, { cause: error });
  const options = (await resolveConfig(PAGE)) ?? {};
  await writeFile(PAGE, await format(pageOf(report), { ...options, parser: 'markdown' }));
  return PAGE;
}

function missingCells({ details }: ChaosReport): string[] {
  const done = new Set(details.cells.map(cellText));
  return FAULT_NAMES.flatMap((fault) => PHASES.map((phase) => cellText({ fault, phase }))).filter(
    (cell) => !done.has(cell),
  );
}

/** The page in Markdown. Throws where the report is not one of the whole matrix. */
export function pageOf(report: ChaosReport): string {
  const missing = missingCells(report);
  if (missing.length > 0)
    throw new Error(`${PAGE} tells of a whole matrix, and the last run has left out ${missing.join(', ')}`);
  const { machine, startedAt, figures, details } = report;
  const { cells } = details;
  const rows = FAULT_NAMES.map((name) => {
    const columns = PHASES.map((phase) => {
      const cell = cells.find((each) => each.fault === name && each.phase === phase);
      if (cell === undefined) return '–';
      return `${cell.ok ? '' : '**failed**, '}${shortOf(cell.note)}, ${cell.seconds} s`;
    });
    return `| \`${name}\` | ${columns.join(' | ')} |`;
  });
  return `# What goes wrong, and what becomes of recordings

\`make chaos\` breaks one thing after another on a real cluster of two nodes, each of them while recordings are Pending,
Starting, Recording and Stopping. After each it checks that every object has come to its end and its status is true; that
every packet which a recorder had accepted is in the file, and plays; that no pod, secret, service, route, push or unfinished
upload is left; that nothing in any log is an error which it should not be. A fault that comes too late for a recording's
phase is tried again. This page is written from its last report
(\`make chaos ARGS=--write-docs\`).

The last run, of ${startedAt.slice(0, 10)} on a machine of ${machine.cores} cores with seed ${details.seed} and recorders reached by ${details.exposure}, took
${Math.round(details.seconds / 60)} minutes: ${figures['cells']} cells, ${figures['cellsFailed']} failed, ${figures['packetsLost']} packets lost, ${figures['leftovers']} things left behind.

A cell says how the recording ended, and after how many seconds from the fault on it had ended with nothing left of it.
Those that were not Stopping are stopped by the test 3 s after their media flows again; a Pending one first waits for a
slot.

| fault | ${PHASES.join(' | ')} |
| --- | ${PHASES.map(() => '---').join(' | ')} |
${rows.join('\n')}

| fault | what is done |
| --- | --- |
${FAULT_NAMES.map((name) => `| \`${name}\` | ${FAULT_MEANINGS[name]} |`).join('\n')}

A recorder that is lost with its node loses what was not in S3 yet: up to one part of 8 MiB, which at 2 Mbit/s is half a
minute, and what was on its way. All that came before is salvaged and is a file of its own beside that of the recorder that
takes over. \`node-lost\` and \`node-deleted\` have 20 MB recorded when they happen, and lost ${figures['packetsLostWithNode']} packets within that
bound, which are not counted above. No other fault may lose a packet.
`;
}

/** The first thing that it says, on one line and without what would end a table's cell. */
function shortOf(note: string): string {
  return (/^[^;\n]*/.exec(note)?.[0] ?? '').replaceAll('|', '\\|');
}
