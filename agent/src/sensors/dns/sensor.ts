// Which names this host asks for, where something on it says so: systemd-resolved by its monitor, name servers by their query logs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HostEvent, SensorHealth } from '@threatguard/proto';
import { type FileFollower, followFile } from '../follow/follow-file.ts';
import type { Checkpoints, Sensor, SensorSink } from '../sensor.ts';
import { DnsmasqReader, type ToldQuery } from './dnsmasq.ts';
import { dnsEvent } from './query.ts';
import { readBindLine, UnboundReader } from './query-logs.ts';
import { parseResolvedResult } from './resolved.ts';
import { RESOLVED_MONITOR, ResolvedSource } from './resolved-source.ts';

export interface DnsSensorOptions {
  resolved: 'auto' | 'on' | 'off';
  logs: { path: string; format: 'dnsmasq' | 'unbound' | 'bind' }[];
  /** Where positions are kept. */
  stateDir: string;
  checkpoints: Checkpoints;
  /** In place of systemd-resolved's own socket. */
  resolvedSocket?: string;
}

/** Questions of dnsmasq that nobody answers are told this often. */
const EXPIRE_MS = 1000;

type LineReader = (line: string, done: () => void) => void;

export function createDnsSensor(options: DnsSensorOptions): Sensor {
  return new DnsSensor(options);
}

class DnsSensor implements Sensor {
  readonly name = 'dns';
  readonly #options: DnsSensorOptions;
  readonly #followers: { path: string; follower: FileFollower }[] = [];
  readonly #dnsmasq: DnsmasqReader[] = [];
  #resolved: ResolvedSource | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sink: SensorSink | undefined;
  #events = 0;

  constructor(options: DnsSensorOptions) {
    this.#options = options;
  }

  async start(sink: SensorSink): Promise<void> {
    this.#sink = sink;
    const { resolved, resolvedSocket = RESOLVED_MONITOR, logs, stateDir } = this.#options;
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    for (const { path, format } of logs) await this.#follow(path, format, this.#readerOf(format));
    if (this.#dnsmasq.length > 0) this.#timer = setInterval(() => this.#expire(Date.now() * 1000), EXPIRE_MS);
    if (resolved === 'on' || (resolved === 'auto' && existsSync(resolvedSocket))) {
      this.#resolved = new ResolvedSource(resolvedSocket, (parameters) => this.#takeResult(parameters));
      this.#resolved.start();
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#resolved?.stop();
    await Promise.all(this.#followers.map(({ follower }) => follower.stop()));
    if (this.#sink) this.#expire();
    this.#sink = undefined;
  }

  health(): SensorHealth {
    const sources = [...(this.#resolved ? ['systemd-resolved'] : []), ...this.#followers.map(({ path }) => path)];
    const problems = [this.#resolved?.problem ?? '', ...this.#followers.map(({ follower }) => follower.problem)];
    const nothing = 'nothing on this host says which names it asks for: name a query log under sensors.dns.logs';
    const detail = sources.length === 0 ? nothing : problems.filter(Boolean).join('; ');
    // A host without a name server of its own is no fault.
    const state = !this.#sink ? 'stopped' : sources.length > 0 && detail ? 'degraded' : 'running';
    return { sensor: this.name, source: sources.join(', '), state, detail, events: this.#events };
  }

  #readerOf(format: 'dnsmasq' | 'unbound' | 'bind'): LineReader {
    const clock = () => ({ nowUs: Date.now() * 1000 });
    if (format === 'dnsmasq') {
      const reader = new DnsmasqReader();
      this.#dnsmasq.push(reader);
      return (line, done) => this.#tell(reader.read(line, clock(), done).told);
    }
    const unbound = new UnboundReader();
    return (line, done) => {
      const query = format === 'unbound' ? unbound.read(line, clock()) : readBindLine(line, clock());
      if (query) this.#emit(dnsEvent(query, `dns.${format}`, line), done);
      else done();
    };
  }

  async #follow(path: string, format: string, read: LineReader): Promise<void> {
    const id = createHash('sha256').update(path).digest('hex').slice(0, 12);
    const follower = await followFile({
      path,
      cursorFile: join(this.#options.stateDir, `dns-${id}.json`),
      checkpoints: this.#options.checkpoints,
      sensor: `dns.${format}`,
      onLine: read,
      lose: (loss) => this.#sink?.lose(loss),
    });
    this.#followers.push({ path, follower });
  }

  #takeResult(parameters: unknown): void {
    for (const query of parseResolvedResult(parameters, Date.now() * 1000))
      this.#emit(dnsEvent(query, 'dns.resolved', ''));
  }

  #expire(nowUs?: number): void {
    for (const reader of this.#dnsmasq) this.#tell(reader.expire(nowUs));
  }

  #tell(told: ToldQuery[]): void {
    for (const { query, line, done } of told) this.#emit(dnsEvent(query, 'dns.dnsmasq', line), done);
  }

  #emit(event: HostEvent, done?: () => void): void {
    if (!this.#sink) return;
    this.#events++;
    this.#sink.emit(event, done);
  }
}
