/** One event as the feeder told it, and when it came. */
export interface SeenEvent {
  readonly name: string;
  readonly data: unknown;
  readonly atMs: number;
}

type Wish = {
  readonly fits: (event: SeenEvent) => boolean;
  readonly take: (event: SeenEvent) => void;
};

/** The live events of a feeder, stamped as they come. */
export class FeederEvents {
  readonly #abort = new AbortController();
  readonly #wishes = new Set<Wish>();

  static async open(url: string): Promise<FeederEvents> {
    const events = new FeederEvents();
    const answer = await fetch(`${url}/api/v1/events`, { signal: events.#abort.signal });
    if (answer.body === null) throw new Error('There are no events.');
    void events.#read(answer.body);
    return events;
  }

  /** The first event of a kind from now on; rejects when none comes in time. */
  first(fits: (name: string, data: unknown) => boolean, limitMs: number): Promise<SeenEvent> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('No such event came.')), limitMs);
      const wish: Wish = {
        fits: ({ name, data }) => fits(name, data),
        take: (event) => {
          clearTimeout(timer);
          this.#wishes.delete(wish);
          resolve(event);
        },
      };
      this.#wishes.add(wish);
    });
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    try {
      for await (const chunk of body) {
        const atMs = performance.now();
        text += Buffer.from(chunk).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block, atMs);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  #take(block: string, atMs: number): void {
    const name = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (name === undefined || data === undefined) return;
    const event = { name, data: JSON.parse(data) as unknown, atMs };
    for (const wish of [...this.#wishes]) if (wish.fits(event)) wish.take(event);
  }
}
