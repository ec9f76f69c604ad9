import type { Socket } from 'node:net';
import { PeerAddress } from './peer-address.ts';

/** A connection that has not proved the key. */
export interface Visitor {
  /** Undefined as long as a proxy has not said it. */
  readonly address: PeerAddress | undefined;
  /** Milliseconds, of a clock that nobody sets. */
  readonly cameAt: number;
  /** Whether anything has come from it. */
  readonly heard: boolean;
  /** Whether it has shaken hands: finished the RTMP handshake. */
  readonly greeted: boolean;
  readonly close: () => void;
}

/** A visitor on a TCP socket. */
export class SocketVisitor implements Visitor {
  readonly #socket: Socket;
  readonly cameAt = performance.now();
  /** What a proxy has sent in its name. */
  #foreignBytes = 0;
  address: PeerAddress | undefined;
  greeted = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get heard(): boolean {
    return this.#socket.bytesRead > this.#foreignBytes;
  }

  /** Where the socket itself comes from. */
  get direct(): PeerAddress {
    return new PeerAddress(this.#socket.remoteAddress ?? '', this.#socket.remotePort ?? 0);
  }

  /** @param headerBytes that a proxy has sent to say so */
  identify(address: PeerAddress, headerBytes: number): void {
    this.address = address;
    this.#foreignBytes = headerBytes;
  }

  close(): void {
    this.#socket.destroy();
  }
}
