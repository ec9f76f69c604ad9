import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePackages } from '../../../cluster/toolchain/packages.ts';
import { startChild, whileAlive } from '../../../support/child-process.ts';
import { freePort } from '../../../support/free-port.ts';
import type { Target } from '../target.ts';
import { listening } from './listening.ts';

/** nginx-rtmp with `record all`: no key, FLV as it comes, no upload. The floor. */
export const nginxRtmp: Target = {
  name: 'nginx-rtmp',
  start: async ({ folder }) => {
    await ensurePackages(['nginx-light', 'libnginx-mod-rtmp']);
    const port = await freePort();
    const recordings = join(folder, 'recordings');
    await mkdir(recordings);
    const config = join(folder, 'nginx.conf');
    await writeFile(config, configuration({ folder, recordings, port }));
    const child = await startChild({
      name: 'nginx',
      command: '/usr/sbin/nginx',
      args: ['-c', config, '-e', join(folder, 'error.log')],
    });
    await whileAlive(child, 'nginx', (signal) => listening(port, signal));
    return {
      pid: child.pid,
      url: `rtmp://127.0.0.1:${port}/live/key`,
      finish: async () => {
        const stopped = performance.now();
        await child.stop();
        const [file = ''] = await readdir(recordings);
        return { file: join(recordings, file), availableSeconds: (performance.now() - stopped) / 1000 };
      },
      [Symbol.asyncDispose]: child.stop,
    };
  },
};

function configuration(options: { folder: string; recordings: string; port: number }): string {
  const { folder, recordings, port } = options;
  return `
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
user root;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')} error;
events { worker_connections 64; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    application live { live on; record all; record_path ${recordings}; }
  }
}
`;
}
