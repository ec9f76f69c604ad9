import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Recorders as far as the API knows them: each at an address of its own on loopback, telling how it is doing. */
export interface StandInRecorders extends AsyncDisposable {
  /** Where the recorder of this recording answers. */
  urlOf: (recordingId: string) => string;
}

const STARTED_AT = '2026-11-23T10:00:00Z';
const PER_BLOCK = 250;

export async function startStandInRecorders(): Promise<StandInRecorders> {
  const addresses = new Map<string, string>();
  const server = createServer((request, response) => {
    const recordingId = addresses.get(String(request.socket.localAddress)) ?? '';
    const status = {
      recordingId,
      state: 'recording',
      version: 1,
      startedAt: STARTED_AT,
      durationSeconds: 60,
      bytesReceived: 15_000_000,
      bytesUploaded: 8_388_608,
      bytesSpooled: 15_000_000,
      bytesFree: 1_000_000_000,
      bitrateKbps: 2000,
      fps: 30,
      takes: 1,
    };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(status));
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (recordingId) => {
      const index = addresses.size;
      const address = `127.1.${Math.floor(index / PER_BLOCK)}.${(index % PER_BLOCK) + 1}`;
      addresses.set(address, recordingId);
      return `http://${address}:${port}`;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
