interface Actor {
  /** Settles when it waits for its turn, with what lets it go on; with undefined when it is through. */
  waits: Promise<(() => void) | undefined>;
}

/** Lets several asynchronous actors take one step at a time, in an order that a test chooses. */
export class Turns {
  readonly #actors = new Map<string, Actor>();

  /** Starts an actor, which has to wait for its turn before each of its steps. */
  start<T>(name: string, act: (turn: () => Promise<void>) => Promise<T>): Promise<T> {
    let next = Promise.withResolvers<(() => void) | undefined>();
    const actor: Actor = { waits: next.promise };
    this.#actors.set(name, actor);
    const turn = (): Promise<void> =>
      new Promise((resolve) => {
        const asked = next;
        asked.resolve(() => {
          next = Promise.withResolvers();
          actor.waits = next.promise;
          resolve();
        });
      });
    const acting = act(turn).finally(() => next.resolve(undefined));
    acting.catch(() => undefined);
    return acting;
  }

  /** Lets an actor take so many steps, or those that it has left. Returns how many. */
  async take(name: string, steps: number): Promise<number> {
    for (let taken = 0; ; taken += 1) {
      const go = await this.#actors.get(name)?.waits;
      if (go === undefined || taken >= steps) return taken;
      go();
    }
  }
}
