// What each package is. Everything that differs between the three stands here.

export type Part = 'agent' | 'collector' | 'console';

export interface PackagePlan {
  /** Name of the package, of its program, and of its unit where it has one. */
  name: string;
  program: string;
  summary: string;
  description: string[];
  section: string;
  /** Besides the C library and its companions, which Node needs. */
  depends: string[];
  suggests: string[];
  /** Our workspaces inside, the program's own first. */
  workspaces: string[];
  /** Workspaces of other packages: links to where those install theirs. */
  elsewhere: Record<string, string>;
  /** Settings, in /etc/threatguard; also found under the state directory. */
  config?: { file: string; link: string };
  /** Directories of state, which nobody else may look into. */
  privateDirectories: string[];
  manualSection: 1 | 8;
}

export const LIBRARY = '/usr/lib/threatguard';
const STATE = '/var/lib/threatguard';

/** Sockets and sessions of NATS, TLS and gRPC are the programs' own; no package needs another server to be installed. */
export const PACKAGES: Record<Part, PackagePlan> = {
  agent: {
    name: 'threatguard-agent',
    program: 'threatguard-agent',
    summary: 'intruder detection: the agent on each server',
    description: [
      'Watches this host (logons, processes, connections, critical files, accounts)',
      'and sends what it sees to a ThreatGuard collector, signed with ML-DSA and',
      'sealed under ML-KEM. Brings its own Node.js runtime; nothing is compiled or',
      'downloaded when it is installed.',
    ],
    section: 'admin',
    depends: [],
    suggests: [],
    workspaces: ['agent', 'proto'],
    elsewhere: {},
    config: { file: 'agent.yaml', link: `${STATE}/agent/agent.yaml` },
    privateDirectories: [`${STATE}/agent`],
    manualSection: 8,
  },
  collector: {
    name: 'threatguard-collector',
    program: 'threatguard-collector',
    summary: 'intruder detection: the collector that receives, detects and stores',
    description: [
      'Receives what ThreatGuard agents send, finds what matters in it, keeps it in',
      'PostgreSQL (embedded, or one of yours), and publishes alerts. Brings its own',
      'Node.js runtime; nothing is compiled or downloaded when it is installed.',
    ],
    section: 'admin',
    depends: ['passwd'],
    suggests: ['nats-server', 'postgresql', 'threatguard-console'],
    workspaces: ['collector', 'proto'],
    elsewhere: {},
    config: { file: 'collector.yaml', link: `${STATE}/collector/collector.yaml` },
    privateDirectories: [`${STATE}/collector`, `${STATE}/console`],
    manualSection: 8,
  },
  console: {
    name: 'threatguard-console',
    program: 'threatguard',
    summary: "intruder detection: the analyst's and administrator's terminal",
    description: [
      'Shows alerts, incidents, entities and events of a ThreatGuard collector in the',
      'terminal, and administers its agents. Brings its own Node.js runtime.',
    ],
    section: 'admin',
    depends: [],
    suggests: ['threatguard-agent', 'threatguard-collector'],
    workspaces: ['console', 'proto'],
    elsewhere: { '@threatguard/agent': 'agent/agent', '@threatguard/collector': 'collector/collector' },
    privateDirectories: [],
    manualSection: 1,
  },
};

/** Debian's name of the processor Node was installed for. */
export const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };
