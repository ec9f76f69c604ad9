import { ClusterError } from '../cluster-error.ts';
import { run, succeeds } from '../run-command.ts';

/** The folder with a Go module's files, downloaded first when Go's cache has not got it. Needs Go on PATH. */
export async function goModule(path: string, version: string): Promise<string> {
  if (!(await succeeds('go', ['version'])))
    throw new ClusterError(`${path} is had with Go, which is not on PATH: install Go 1.26 or later`);
  const answer = await run('go', ['mod', 'download', '-json', `${path}@${version}`], { cwd: '/' });
  return (JSON.parse(answer) as { Dir: string }).Dir;
}
