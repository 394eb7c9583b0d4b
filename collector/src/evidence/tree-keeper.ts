// Keeps the tree over what agents sent: hourly, and when a bundle is asked for, everything that came since goes into it and
// its head is signed. What a crash interrupts is a transaction, and the next run goes on from what the store has; what came
// while the collector was down is recorded by the first run.
import type { SignedTreeHead } from '@threatguard/proto';
import { type CheckedTreeHead, readTreeHead, signTreeHead } from '@threatguard/proto/evidence';
import { type Duties, OWN_DUTIES } from '../duties.ts';
import type { CollectorSigner } from '../fleet/collector-identity.ts';
import type { EvidenceStore } from '../store/evidence-store.ts';
import { Turns } from '../turns.ts';

const EVERY_MS = 3_600_000;
/** After a failure: the store was away. */
const RETRY_MS = 60_000;

export interface TreeKeeperParts {
  evidence: EvidenceStore;
  signer: () => CollectorSigner;
  /** Of several collectors of the store one signs the hourly head. */
  duties?: Pick<Duties, 'alone'>;
  nowUs: () => number;
  /** A head was signed: to be told to whoever may keep it. */
  signed: (head: CheckedTreeHead, signed: SignedTreeHead) => void;
  /** The next try comes within a minute. */
  failed: (error: unknown) => void;
}

/** A head, and up to when everything that was stored is in its tree. */
export interface RecordedTree {
  signed: SignedTreeHead;
  head: CheckedTreeHead;
  recordedAtUs: number;
}

export class TreeKeeper implements AsyncDisposable {
  readonly #parts: TreeKeeperParts;
  /** One at a time in this process; of several collectors the store makes a queue. */
  readonly #turns = new Turns();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(parts: TreeKeeperParts) {
    this.#parts = parts;
  }

  /** Begins at once where the newest head is older than an hour; never waits for it. */
  static start(parts: TreeKeeperParts): TreeKeeper {
    const keeper = new TreeKeeper(parts);
    void keeper.#begin();
    return keeper;
  }

  /** Everything these agents sent so far is in the tree of the head it resolves with. */
  record(agents: readonly string[]): Promise<RecordedTree> {
    return this.#turns.next(async () => {
      const recordedAtUs = await this.#recordAll(agents);
      const signed = (await this.#addHead(false)) ?? (await this.#parts.evidence.heads(1))[0];
      const head = signed && readTreeHead(signed.head ?? new Uint8Array());
      if (!signed || !head) throw new Error('the store has no tree head');
      return { signed, head, recordedAtUs };
    });
  }

  /** Signs a head now: what the audit log says up to here stands in it. */
  async sign(): Promise<void> {
    await this.#turns.next(() => this.#addHead(true));
  }

  /** Waits for the part that is under way. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turns.ended();
  }

  async #begin(): Promise<void> {
    let waitMs = RETRY_MS;
    try {
      const { duties = OWN_DUTIES } = this.#parts;
      // Where another does it, this one sees to it that it was done.
      waitMs = (await this.#turns.next(() => duties.alone('tree head', () => this.#run()))) ?? RETRY_MS;
    } catch (error) {
      if (!this.#stopped) this.#parts.failed(error);
    }
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#begin(), waitMs);
    this.#timer.unref();
  }

  /** Milliseconds to the next. */
  async #run(): Promise<number> {
    const { evidence, nowUs } = this.#parts;
    const [newest] = await evidence.heads(1);
    const signedAtUs = newest ? (readTreeHead(newest.head ?? new Uint8Array())?.signedAtUs ?? 0) : 0;
    const dueMs = signedAtUs / 1000 + EVERY_MS - nowUs() / 1000;
    // A clock that was set back must not stop the heads for long.
    if (dueMs > 0 && dueMs <= EVERY_MS) return dueMs;
    await this.#recordAll(undefined);
    if (!this.#stopped) await this.#addHead(true);
    return EVERY_MS;
  }

  async #recordAll(agents: readonly string[] | undefined): Promise<number> {
    const { evidence, nowUs } = this.#parts;
    const atUs = nowUs();
    let recordedAtUs = atUs;
    for (let more = true; more && !this.#stopped; )
      ({ more, recordedAtUs } = await evidence.recordEnvelopes(atUs, agents));
    while (!this.#stopped && (await evidence.recordIdle(atUs, agents)) > 0);
    return recordedAtUs;
  }

  async #addHead(always: boolean): Promise<SignedTreeHead | undefined> {
    const { evidence, signer, nowUs, signed } = this.#parts;
    const made = await evidence.addHead(nowUs(), { sign: (head) => signTreeHead(head, signer()), always });
    const head = made && readTreeHead(made.head ?? new Uint8Array());
    if (made && head) signed(head, made);
    return made;
  }
}
