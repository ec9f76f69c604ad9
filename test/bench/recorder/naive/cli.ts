import { spawn } from 'node:child_process';
import NodeMediaServer from 'node-media-server';

/**
 * The naive recorder that the real one is compared with: node-media-server as it comes, and FFmpeg as its RTMP player,
 * started when publishing starts. Arguments: RTMP_PORT FFMPEG OUTPUT STORE_FOLDER.
 */
const [port, ffmpeg = 'ffmpeg', output = 'recording.mp4', store] = process.argv.slice(2);
const server = new NodeMediaServer({
  bind: '127.0.0.1',
  rtmp: { port: Number(port) },
  record: { auto: false },
  webadmin: { enable: false },
  store: { path: store },
});
server.on('postPublish', (session) => {
  const url = `rtmp://127.0.0.1:${port}${session.streamPath}`;
  const flags = '+frag_keyframe+empty_moov+default_base_moof';
  const player = spawn(
    ffmpeg,
    // It is not told when the publisher has ended, so it stops when nothing has come for 2 s.
    [
      '-nostdin',
      '-v',
      'error',
      '-y',
      '-rw_timeout',
      '2000000',
      '-i',
      url,
      '-c',
      'copy',
      '-movflags',
      flags,
      output,
    ],
    { stdio: 'inherit' },
  );
  process.once('SIGTERM', () => setTimeout(() => player.kill('SIGKILL'), 10_000));
  player.once('exit', () => {
    // Whoever measures it looks for the file: there is nothing to close that could lose anything.
    process.kill(process.pid, 'SIGKILL');
  });
});
await server.run();
