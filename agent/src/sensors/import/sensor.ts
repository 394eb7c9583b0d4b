// What another tool on this host saw: its output followed as a file, or posted to us, and read as if our own sensors had seen it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LossReason, SensorHealth } from '@threatguard/proto';
import { type FileFollower, followFile } from '../follow/follow-file.ts';
import type { Checkpoints, Sensor, SensorSink } from '../sensor.ts';
import { readFalcoLine } from './falco.ts';
import { HttpListener } from './http-listener.ts';
import type { Reading } from './reading.ts';
import { readTetragonLine } from './tetragon.ts';

export interface ImportOptions {
  falco: { file?: string | undefined; http?: { port: number; tokenFile?: string | undefined } | undefined };
  tetragon: { file?: string | undefined };
  /** Where positions are kept. */
  stateDir: string;
  checkpoints: Checkpoints;
}

/** An event of Tetragon with whole arguments of a process and its parent, escaped. */
const LINE_BYTES_MAX = 256 * 1024;
/** Reasons told apart; the rest is counted together. */
const REASONS_MAX = 32;

export function createImportSensor(options: ImportOptions): Sensor {
  return new ImportSensor(options);
}

class ImportSensor implements Sensor {
  readonly name = 'import';
  readonly #options: ImportOptions;
  readonly #followers: { path: string; follower: FileFollower }[] = [];
  readonly #unknown = new Map<string, number>();
  #listener: HttpListener | undefined;
  #port = 0;
  #sink: SensorSink | undefined;
  #events = 0;

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  async start(sink: SensorSink): Promise<void> {
    this.#sink = sink;
    const { falco, tetragon, stateDir } = this.#options;
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    if (falco.file) await this.#follow('import.falco', falco.file, readFalcoLine);
    if (tetragon.file) await this.#follow('import.tetragon', tetragon.file, readTetragonLine);
    if (falco.http) await this.#listen(falco.http);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#listener?.stop(), ...this.#followers.map(({ follower }) => follower.stop())]);
    this.#sink = undefined;
  }

  health(): SensorHealth {
    const sources = this.#followers.map(({ path }) => path);
    if (this.#port) sources.push(`http://127.0.0.1:${this.#port}`);
    const problems = this.#followers.map(({ follower }) => follower.problem).filter(Boolean);
    const state = !this.#sink ? 'stopped' : problems.length > 0 ? 'degraded' : 'running';
    const unknown = [...this.#unknown].map(([reason, count]) => `${count} lines not taken: ${reason}`);
    const detail = [...problems, ...unknown].join('; ').slice(0, 1000);
    return { sensor: this.name, source: sources.join(', '), state, detail, events: this.#events };
  }

  async #follow(sensor: string, path: string, read: (line: string) => Reading): Promise<void> {
    const id = createHash('sha256').update(path).digest('hex').slice(0, 12);
    const follower = await followFile({
      path,
      cursorFile: join(this.#options.stateDir, `${sensor}-${id}.json`),
      checkpoints: this.#options.checkpoints,
      sensor,
      lineBytesMax: LINE_BYTES_MAX,
      onLine: (line, durable) => this.#take(sensor, read(line), durable),
      lose: (loss) => this.#sink?.lose(loss),
    });
    this.#followers.push({ path, follower });
  }

  async #listen({ port, tokenFile }: { port: number; tokenFile?: string | undefined }): Promise<void> {
    const token = tokenFile ? readFileSync(tokenFile, 'utf8').trim() : '';
    if (tokenFile && !token) throw new Error(`${tokenFile} holds no token`);
    this.#listener = new HttpListener({
      port,
      token,
      onLine: (line) => this.#take('import.falco', readFalcoLine(line), () => undefined),
      onRefused: (reason) => this.#lose('import.falco', reason, 1, Date.now() * 1000),
    });
    this.#port = await this.#listener.start();
  }

  #take(sensor: string, reading: Reading, durable: () => void): void {
    if ('event' in reading && this.#sink) {
      this.#events++;
      this.#sink.emit(reading.event, durable);
      return;
    }
    durable();
    if ('lost' in reading)
      this.#lose(sensor, 'kernel_overrun', reading.lost.count, reading.lost.atUs ?? Date.now() * 1000);
    if ('unknown' in reading) {
      const reason = this.#unknown.has(reading.unknown) || this.#unknown.size < REASONS_MAX ? reading.unknown : 'other';
      this.#unknown.set(reason, (this.#unknown.get(reason) ?? 0) + 1);
    }
  }

  #lose(sensor: string, reason: LossReason, count: number, atUs: number): void {
    this.#sink?.lose({ sensor, reason, count, firstAtUs: atUs, lastAtUs: atUs });
  }
}
