// A collector for tests: real TLS, real gRPC on a port of its own, real store, in a state directory that goes with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, Metadata, type MethodDefinition, makeGenericClientConstructor } from '@grpc/grpc-js';
import {
  type ActRequest,
  type Alert,
  type AlertFilter,
  Alert as AlertMessage,
  type CoverageResponse,
  type CreateTokenRequest,
  type CreateTokenResponse,
  type CryptoReport,
  certificatesService,
  consoleService,
  cryptoService,
  type DestroyEpochRequest,
  type ExplainEventResponse,
  type ExportRulesResponse,
  type GetAgentResponse,
  type GetAlertResponse,
  type GetEntityRequest,
  type GetIncidentResponse,
  huntService,
  type ImportRulesRequest,
  type ImportRulesResponse,
  type KeysReport,
  keysService,
  type ListAgentsResponse,
  type ListAlertsRequest,
  type ListAlertsResponse,
  type ListAuditRequest,
  type ListAuditResponse,
  type ListEntitiesRequest,
  type ListEntitiesResponse,
  type ListIncidentsRequest,
  type ListIncidentsResponse,
  type ListRulesRequest,
  type ListRulesResponse,
  type ProfileName,
  type RemoveRulesResponse,
  type RevokeAgentResponse,
  type RotateKeysRequest,
  type RotateKeysResponse,
  rulesService,
  type SearchEventsRequest,
  type SearchEventsResponse,
  type SetRuleStateRequest,
  type SetRuleStateResponse,
  type ShowRuleResponse,
  type SignedAlert,
  type StatusReport,
  triageService,
  type VerifyAuditResponse,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import { type Logger, pino } from 'pino';
import { type CollectorConfig, readCollectorConfig } from '../../collector/src/config.ts';
import { homePaths } from '../../collector/src/fleet/home.ts';
import { initHome } from '../../collector/src/init.ts';
import { type Collector, startCollector } from '../../collector/src/run.ts';
import { type AgentIdentity, caOf, consoleIdentityOf, enrolTestAgent, type TlsIdentity } from './agent-identity.ts';
import { emptyPglite } from './pglite.ts';
import { ROOT } from './source-files.ts';
import { until } from './until.ts';

const READY_MS_MAX = 60_000;

/** The console's side of the API, with promises. */
export class ConsoleClient implements Disposable {
  readonly #client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;
  readonly #others: Client;

  constructor(address: string, identity: TlsIdentity) {
    const ConsoleService = makeGenericClientConstructor(
      { ...consoleService, ...keysService, ...rulesService },
      'Console',
    );
    this.#client = new ConsoleService(address, collectorCredentials(identity), CHANNEL_OPTIONS);
    this.#others = new Client(address, collectorCredentials(identity), CHANNEL_OPTIONS);
  }

  status = () => this.#call<StatusReport>('getStatus', {});
  agents = async () => (await this.#call<ListAgentsResponse>('listAgents', {})).agents ?? [];
  agent = (agent: string) => this.#call<GetAgentResponse>('getAgent', { agent });
  revoke = (agent: string) => this.#call<RevokeAgentResponse>('revokeAgent', { agent });
  createToken = (request: CreateTokenRequest = {}) => this.#call<CreateTokenResponse>('createToken', request);
  alerts = (request: ListAlertsRequest = {}) => this.#call<ListAlertsResponse>('listAlerts', request);
  alert = (id: string) => this.#call<GetAlertResponse>('getAlert', { id });
  entities = (request: ListEntitiesRequest = {}) => this.#call<ListEntitiesResponse>('listEntities', request);
  incidents = (request: ListIncidentsRequest = {}) => this.#call<ListIncidentsResponse>('listIncidents', request);
  incident = (id: string) => this.#call<GetIncidentResponse>('getIncident', { id });
  audit = (request: ListAuditRequest = {}) => this.#call<ListAuditResponse>('listAudit', request);
  verifyAudit = () => this.#call<VerifyAuditResponse>('verifyAudit', {});
  events = (request: SearchEventsRequest = {}) => this.#call<SearchEventsResponse>('searchEvents', request);

  entity = (request: GetEntityRequest) => this.call(consoleService.getEntity, request);
  volumes = (sinceUs = 0) => this.call(consoleService.getVolumes, { sinceUs });
  act = async (request: ActRequest) => (await this.call(triageService.act, request)).results ?? [];
  history = async (id: string) => (await this.call(triageService.getHistory, { id })).acts ?? [];
  hunts = () => this.call(huntService.list, {});
  rules = async (request: ListRulesRequest = {}) =>
    (await this.#call<ListRulesResponse>('listRules', request)).rules ?? [];
  rule = (id: string) => this.#call<ShowRuleResponse>('showRule', { id });
  setRuleState = (request: SetRuleStateRequest) => this.#call<SetRuleStateResponse>('setRuleState', request);
  importRules = (request: ImportRulesRequest) => this.#call<ImportRulesResponse>('importRules', request);
  removeRules = (name: string) => this.#call<RemoveRulesResponse>('removeRules', { name });
  exportRules = (imported = false) => this.#call<ExportRulesResponse>('exportRules', { imported });
  explain = (event: string) => this.#call<ExplainEventResponse>('explainEvent', { event });
  coverage = () => this.#call<CoverageResponse>('coverage', {});

  cryptoReport = (policy = ''): Promise<CryptoReport> => this.call(cryptoService.report, { policy });

  /** Any method of any service. */
  call<Request, Response>(method: MethodDefinition<Request, Response>, request: Request): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      this.#others.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) =>
        error ? reject(error) : resolve(response as Response),
      );
    });
  }

  rotate = (request: RotateKeysRequest = {}) => this.#call<RotateKeysResponse>('rotateKeys', request);
  keys = () => this.#call<KeysReport>('getKeys', {});
  control = (action: string) => this.#call<KeysReport>('controlRotation', { action });
  schedule = (everySeconds: number) => this.#call<KeysReport>('scheduleRotation', { everySeconds });
  destroyEpoch = (request: DestroyEpochRequest) => this.#call<KeysReport>('destroyEpoch', request);

  /** Alerts as they come, in `seen`; resolves once the collector listens. */
  async watch(filter: AlertFilter = {}): Promise<{ seen: Alert[]; signed: SignedAlert[]; stop: () => void }> {
    const call = this.#client.watchAlerts!({ filter }, new Metadata());
    const seen: Alert[] = [];
    const signed: SignedAlert[] = [];
    call.on('data', (message: SignedAlert) => {
      signed.push(message);
      seen.push(AlertMessage.decode(message.alert!));
    });
    call.on('error', () => undefined);
    await new Promise((resolve, reject) => call.once('metadata', resolve).once('error', reject));
    return { seen, signed, stop: () => call.cancel() };
  }

  /** How often something was refused, under the name `threatguard status` shows. */
  async refusals(name: string): Promise<number> {
    const { refusals } = await this.status();
    return refusals?.find((counter) => counter.name === name)?.count ?? 0;
  }

  #call<Response>(method: string, request: object): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client[method]!(request, (error: Error | null, response: Response) =>
        error ? reject(error) : resolve(response),
      );
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
    this.#others.close();
  }
}

/** The Certificates service as a console calls it, and the console's own calls over a trust that may change. */
export class CertificatesClient implements Disposable {
  readonly #client: Client;

  constructor(parts: { address: string; home: string }) {
    this.#client = new Client(parts.address, collectorCredentials(consoleIdentityOf(parts.home)), CHANNEL_OPTIONS);
  }

  getCas = () => this.#call(certificatesService.getCas, {});
  rotateCa = () => this.#call(certificatesService.rotateCa, {});
  retireCa = (force: boolean) => this.#call(certificatesService.retireCa, { force });
  orderKeys = (agent: string) => this.#call(certificatesService.orderKeys, { agent });
  renewConsole = () => this.#call(certificatesService.renewConsole, {});
  cryptoReport = () => this.#call(cryptoService.report, {});
  status = () => this.#call(consoleService.getStatus, {});

  #call<Request, Response>(method: MethodDefinition<Request, Response>, request: Request): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) =>
        error ? reject(error) : resolve(response as Response),
      );
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

export interface TestCollectorOptions {
  /** An initialised state directory to continue with; a new one, removed in the end, without it. */
  home?: string;
  /** Where it listens; a port of its own without it. */
  listen?: string;
  /** Text of collector.yaml. */
  config?: string;
  nowMs?: () => number;
  log?: Logger;
}

/** A collector in this process. */
export class TestCollector implements AsyncDisposable {
  readonly home: string;
  readonly address: string;
  readonly ca: string;
  readonly console: ConsoleClient;
  readonly #collector: Collector;
  readonly #ownsHome: boolean;

  private constructor(home: string, collector: Collector, ownsHome: boolean) {
    this.home = home;
    this.#collector = collector;
    this.#ownsHome = ownsHome;
    this.address = collector.address;
    this.ca = caOf(home);
    this.console = new ConsoleClient(collector.address, consoleIdentityOf(home));
  }

  static async start(options: TestCollectorOptions = {}): Promise<TestCollector> {
    const home = options.home ?? (await initTestHome());
    const collector = await startCollector({
      home,
      config: testConfig(options.config, options.listen),
      log: options.log ?? pino({ level: 'silent' }),
      nowMs: options.nowMs,
    });
    return new TestCollector(home, collector, options.home === undefined);
  }

  /** What makes the first admin of the HTTP service, once. */
  get firstAdminSecret(): string | undefined {
    return firstAdminSecrets.get(this.home);
  }

  /** Of the HTTP service, where the configuration has one. */
  get httpUrl(): string {
    return this.#collector.httpUrl!;
  }

  /** An agent enrolled over the wire, with a token made by the console. */
  async enrol(hostName = 'test-host'): Promise<AgentIdentity> {
    const { token } = await this.console.createToken();
    return enrolTestAgent({ address: this.address, ca: this.ca, token: token!, hostName });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.console[Symbol.dispose]();
    await this.#collector[Symbol.asyncDispose]();
    if (this.#ownsHome) rmSync(this.home, { recursive: true, force: true });
  }
}

/** What `init` printed for each home of this process. */
const firstAdminSecrets = new Map<string, string | undefined>();

/** For a collector of its own process on a home that this one made. */
export function firstAdminSecretOf(home: string): string | undefined {
  return firstAdminSecrets.get(home);
}

export async function initTestHome(profile?: ProfileName, nowMs = Date.now()): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'threatguard-collector-'));
  const { firstAdminSecret } = await initHome({ home, listen: '127.0.0.1:0', profile, nowMs });
  firstAdminSecrets.set(home, firstAdminSecret);
  const makeEmpty = await emptyPglite();
  makeEmpty(homePaths(home).storeDirectory);
  return home;
}

function testConfig(text = '', listen = '127.0.0.1:0'): CollectorConfig {
  const http = /^http:/m.test(text) ? '' : 'http: off\n';
  return readCollectorConfig({ file: 'test', text: `listen: ${listen}\n${http}${text}`, environment: {} });
}

/** A collector in a process of its own, to be killed or measured. Its home is the caller's. */
export class CollectorProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly address: string;
  /** What it logged so far, one JSON object per line. */
  readonly log: Record<string, unknown>[];

  private constructor(child: ChildProcess, address: string, log: Record<string, unknown>[]) {
    this.child = child;
    this.address = address;
    this.log = log;
  }

  /** Resolves when it is ready, which on a busy machine with a large store takes its time. */
  static async start(
    home: string,
    environment: Record<string, string> = {},
    readyMsMax = READY_MS_MAX,
  ): Promise<CollectorProcess> {
    const child = spawn(
      process.execPath,
      [join(ROOT, 'collector', 'bin', 'threatguard-collector.js'), 'run', '--home', home],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...environment } },
    );
    const log: Record<string, unknown>[] = [];
    const lines: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('{')) log.push(JSON.parse(line));
    });
    const ready = await until(
      () => {
        if (child.exitCode !== null) throw new Error(`the collector ended: ${lines.join('\n')}`);
        return log.find((line) => line.msg === 'ready');
      },
      { limitMs: readyMsMax, what: () => `the collector to be ready; it said:\n${lines.join('\n')}` },
    );
    return new CollectorProcess(child, String(ready.listen), log);
  }

  /** Resolves with the exit code, or the signal that ended it. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null)
      return Promise.resolve(child.exitCode ?? child.signalCode!);
    return new Promise((resolve) => {
      child.once('exit', (code, by) => resolve(code ?? by!));
      child.kill(signal);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
