declare module 'node-media-server' {
  class NodeMediaServer {
    constructor(config: unknown);
    on(event: 'postPublish' | 'donePublish', listener: (session: { streamPath: string }) => void): void;
    run(): Promise<void>;
  }
  export = NodeMediaServer;
}
