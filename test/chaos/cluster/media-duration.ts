import { run } from '../../cluster/run-command.ts';

/** Seconds from the first picture or sound of a file to the end of its last. Throws CommandError. */
export async function mediaSeconds(file: string): Promise<number> {
  const args = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file];
  return Number(await run('ffprobe', args));
}
