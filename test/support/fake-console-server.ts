import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server as TlsServer } from 'node:tls';
import { Metadata, Server, ServerCredentials, type ServerWritableStream, type status } from '@grpc/grpc-js';
import {
  type ActResult,
  type AgentSummary,
  type Alert,
  type AlertAct,
  type AuditEntry,
  type CryptoReport,
  consoleService,
  cryptoService,
  type Entity,
  type GetAgentResponse,
  type GetEntityResponse,
  type HuntPart,
  type HuntRequest,
  huntService,
  type Incident,
  type KeysReport,
  keyId,
  keysService,
  type SavedHunt,
  type SearchEventsResponse,
  type SignedAlert,
  type StatusReport,
  type StoredEvent,
  signAlert,
  TLS_POLICY,
  triageService,
  type VerifyAuditResponse,
  type Volumes,
} from '@threatguard/proto';
import { initHome } from '../../collector/src/init.ts';

export interface RecordedCall {
  method: string;
  request: Record<string, unknown>;
}

/** A collector's console service with scripted answers, over real gRPC and the real TLS policy, with a home of its own. */
export class FakeConsoleServer implements AsyncDisposable {
  readonly home: string;
  readonly calls: RecordedCall[] = [];
  status: StatusReport;
  agents: AgentSummary[] = [];
  /** What `getAgent` adds to the first of them. */
  agentDetail: GetAgentResponse = {};
  alerts: Alert[] = [];
  /** Answers of searches to come, before `events` is asked again. */
  searchParts: SearchEventsResponse[] = [];
  events: StoredEvent[] = [];
  entities: Entity[] = [];
  entity: GetEntityResponse = {};
  volumes: Volumes = {};
  /** What a hunt is answered with; the events where it is empty. */
  huntParts: HuntPart[] = [];
  hunts: SavedHunt[] = [];
  /** What an act comes to. */
  actResults: ActResult[] = [];
  /** History of every alert. */
  acts: AlertAct[] = [];
  incidents: Incident[] = [];
  /** What `getKeys` answers, one after another; the last one again and again. */
  keys: KeysReport[] = [{}];
  audit: AuditEntry[] = [];
  verification: VerifyAuditResponse = {};
  cryptoReport: CryptoReport = {};
  /** Method -> how it is refused. */
  readonly refusals = new Map<string, { code: status; details: string }>();
  /** Methods that never answer. */
  readonly silent = new Set<string>();
  /** Consoles that shook hands so far. */
  connections = 0;
  readonly signer: { privateKey: KeyObject; signingKeyId: Buffer };
  readonly certificate: X509Certificate;
  readonly #watchers = new Set<ServerWritableStream<unknown, SignedAlert>>();
  readonly #sockets = new Set<Socket>();
  #tls: TlsServer | undefined;
  #grpc: Server | undefined;
  port = 0;

  private constructor(home: string) {
    this.home = home;
    const read = (name: string) => readFileSync(join(home, 'collector', 'tls', name), 'utf8');
    this.certificate = new X509Certificate(read('collector.crt'));
    const privateKey = createPrivateKey(read('collector.key'));
    this.signer = { privateKey, signingKeyId: keyId(this.certificate.publicKey) };
    this.status = {
      version: '0.1.0',
      startedAtUs: Date.now() * 1000 - 60_000_000,
      storeEngine: 'pglite',
      storeVersion: '18.0',
      storeState: 'ready',
      publishState: 'off',
      caSha256: 'ca'.repeat(32),
      kemEpoch: 1,
      kemAlgorithm: 'ML-KEM-768',
      signatureAlgorithm: 'ML-DSA-65',
      tlsGroup: 'X25519MLKEM768',
      signingCertificate: this.certificate.raw,
    };
  }

  static async start(): Promise<FakeConsoleServer> {
    const home = mkdtempSync(join(tmpdir(), 'threatguard-console-'));
    await initHome({ home, listen: '127.0.0.1:0', nowMs: Date.now() });
    const server = new FakeConsoleServer(home);
    await server.listen();
    return server;
  }

  /** Starts listening, on the port it had before. */
  async listen(): Promise<void> {
    const grpc = new Server();
    grpc.addService(consoleService, this.#handlers());
    grpc.addService(cryptoService, { report: this.#unary('reportCrypto', () => this.cryptoReport) });
    grpc.addService(keysService, this.#keysHandlers());
    grpc.addService(huntService, {
      run: (call: ServerWritableStream<HuntRequest, HuntPart>) => {
        this.calls.push({ method: 'runHunt', request: call.request as Record<string, unknown> });
        const asked = call.request.arrivedSinceUs;
        const found = this.huntParts.length > 0 ? this.huntParts : [{ events: this.events, complete: true }];
        const parts = asked ? this.#arrivals(asked) : found;
        for (const part of parts) call.write(part);
        call.end();
      },
      save: this.#unary('saveHunt', (request) => ({ ...request, savedBy: 'admin' })),
      list: this.#unary('listHunts', () => ({ hunts: this.hunts })),
      remove: this.#unary('removeHunt', () => ({})),
    });
    grpc.addService(triageService, {
      act: this.#unary('act', () => ({ results: this.actResults })),
      getHistory: this.#unary('getHistory', () => ({ acts: this.acts })),
    });
    const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
    const read = (name: string) => readFileSync(join(this.home, 'collector', name), 'utf8');
    const tls = createServer(
      {
        ...TLS_POLICY,
        cert: read('tls/collector.crt') + read('ca/ca.crt'),
        key: read('tls/collector.key'),
        ca: read('ca/ca.crt'),
        requestCert: true,
        ALPNProtocols: ['h2'],
      },
      (socket) => injector.injectConnection(socket),
    );
    tls.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    tls.on('secureConnection', () => {
      this.connections++;
    });
    tls.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => tls.listen(this.port, '127.0.0.1', resolve));
    this.port = (tls.address() as { port: number }).port;
    writeFileSync(join(this.home, 'console', 'console.json'), JSON.stringify({ collector: `127.0.0.1:${this.port}` }));
    this.#tls = tls;
    this.#grpc = grpc;
  }

  /** Gone from one moment to the next, as by kill -9. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#tls?.close(resolve) ?? resolve(undefined));
    for (const socket of this.#sockets) socket.destroy();
    this.#grpc?.forceShutdown();
    this.#watchers.clear();
    await closed;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  sign(alert: Alert): SignedAlert {
    return signAlert(alert, this.signer);
  }

  /** Streams an alert to every watcher. */
  raise(alert: Alert): void {
    this.send(this.sign(alert));
  }

  /** Streams whatever it is given, forgeries included. */
  send(signed: SignedAlert): void {
    for (const watcher of this.#watchers) watcher.write(signed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  #unary(method: string, answer: (request: Record<string, unknown>) => object) {
    type Call = { request: Record<string, unknown> };
    type Callback = (error: object | null, response?: object) => void;
    return (call: Call, done: Callback) => {
      this.calls.push({ method, request: call.request });
      if (this.silent.has(method)) return;
      const refusal = this.refusals.get(method);
      if (refusal) done(refusal);
      else done(null, answer(call.request));
    };
  }

  #arrivals(sinceUs: number): HuntPart[] {
    const arrivedUntilUs = Date.now() * 1000;
    const events = this.events.filter(({ receivedAtUs }) => (receivedAtUs ?? 0) >= sinceUs);
    return [{ events }, { complete: true, arrivedUntilUs }];
  }

  #keysHandlers() {
    const report = () => (this.keys.length > 1 ? this.keys.shift()! : this.keys[0]!);
    return {
      rotateKeys: this.#unary('rotateKeys', ({ dryRun }) => ({
        keys: this.keys[0],
        plan: dryRun
          ? { fromEpoch: 1, toEpoch: 2, agents: 3, connected: 2, offline: this.keys[0]!.stragglers ?? [] }
          : undefined,
      })),
      getKeys: this.#unary('getKeys', report),
      controlRotation: this.#unary('controlRotation', report),
      scheduleRotation: this.#unary('scheduleRotation', report),
      destroyEpoch: this.#unary('destroyEpoch', report),
    };
  }

  #handlers() {
    const unary = (method: string, answer: (request: Record<string, unknown>) => object) => this.#unary(method, answer);
    const page = <T>(rows: T[], request: Record<string, unknown>) => {
      const from = Number(request.after || 0);
      const to = Math.min(rows.length, from + Number(request.limit));
      return { rows: rows.slice(from, to), next: to < rows.length ? String(to) : '' };
    };
    return {
      getStatus: unary('getStatus', () => this.status),
      listAgents: unary('listAgents', () => ({ agents: this.agents })),
      getAgent: unary('getAgent', () => ({ agent: this.agents[0], ...this.agentDetail })),
      revokeAgent: unary('revokeAgent', () => ({ agentId: 'a-1', streamEnded: true })),
      labelAgent: unary('labelAgent', ({ set }) => ({ agentId: 'a-1', labels: set })),
      removeAgent: unary('removeAgent', () => ({ agentId: 'a-1', name: 'web-1', revoked: true })),
      createToken: unary('createToken', ({ uses }) => ({
        token: 'tg1.token',
        expiresAtUs: 1_800_000_000_000_000,
        uses,
      })),
      listAlerts: unary('listAlerts', (request) => {
        const { rows, next } = page(this.alerts, request);
        return { alerts: rows, next };
      }),
      getAlert: unary('getAlert', () => ({ alert: this.alerts[0], events: this.events })),
      searchEvents: unary('searchEvents', (request) => {
        const part = this.searchParts.shift();
        if (part) return part;
        const { rows, next } = page(this.events, request);
        return { events: rows, next };
      }),
      listEntities: unary('listEntities', (request) => {
        const { rows, next } = page(this.entities, request);
        return { entities: rows, next };
      }),
      listIncidents: unary('listIncidents', (request) => {
        const since = this.incidents.filter(({ updatedAtUs }) => (updatedAtUs ?? 0) >= Number(request.sinceUs || 0));
        const { rows, next } = page(since, request);
        return { incidents: rows, next };
      }),
      getIncident: unary('getIncident', () => ({ incident: this.incidents[0] })),
      listAudit: unary('listAudit', (request) => {
        const { rows, next } = page(this.audit, request);
        return { entries: rows, next };
      }),
      getEvent: unary('getEvent', () => this.events[0] ?? {}),
      getEntity: unary('getEntity', () => this.entity),
      getVolumes: unary('getVolumes', () => this.volumes),
      verifyAudit: unary('verifyAudit', () => this.verification),
      watchAlerts: (call: ServerWritableStream<unknown, SignedAlert>) => {
        this.#watchers.add(call);
        call.on('cancelled', () => this.#watchers.delete(call));
        call.on('error', () => this.#watchers.delete(call));
        call.sendMetadata(new Metadata());
      },
    };
  }
}
