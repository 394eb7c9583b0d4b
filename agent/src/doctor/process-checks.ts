// Which of the ways to see processes work here, best first; what a worse one can't do is of interest only where no
// better one works.
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { BpfError } from '../kernel/bpf.ts';
import { NETLINK_CONNECTOR, NetlinkSocket } from '../kernel/netlink.ts';
import { AuditControl } from '../sensors/process/audit-control.ts';
import { isRecordedElsewhere } from '../sensors/process/audit-listeners.ts';
import { CN_IDX_PROC } from '../sensors/process/connector-parse.ts';
import { createEbpfSource } from '../sensors/process/ebpf-source.ts';
import { PROCESS_SOURCES, type ProcessSourceName } from '../sensors/process/source.ts';
import { type Finding, reporter } from './finding.ts';
import { readSmallFile } from './small-file.ts';

const report = reporter('process');
const RING_BUFFER_SINCE = [5, 8] as const;
const CAP_SYS_PTRACE = 19n; // capability(7)
const AUDIT_LOCKED = 2;
const AUDIT_PANIC = 2;
const DEAF = { emit() {}, lose() {} };
const AS_ROOT = 'run the agent as root; the unit of the package gives it the rights it needs';

/** Whether it works, and in words why or why not. */
interface Trial {
  works: boolean;
  finding: string;
  remedy: string;
}

export async function checkProcess(wanted: 'auto' | ProcessSourceName): Promise<Finding[]> {
  const trials: Record<ProcessSourceName, Trial> = {
    ebpf: await tryEbpf(),
    audit: await tryAudit(wanted === 'audit'),
    'proc-connector': tryConnector(),
    'proc-scan': { works: true, finding: 'sees what still runs when it looks, and no short-lived process', remedy: '' },
  };
  const first = wanted === 'auto' ? 0 : PROCESS_SOURCES.indexOf(wanted);
  const used = PROCESS_SOURCES.slice(first).find((name) => trials[name].works) ?? 'proc-scan';
  const usedAt = PROCESS_SOURCES.indexOf(used);
  const sources = PROCESS_SOURCES.map((name, index) => {
    const { finding, remedy } = trials[name];
    if (name === used) {
      if (name === 'ebpf' || wanted !== 'auto') return report.ok(name, `in use: ${finding}`);
      return report.degraded(
        name,
        `in use: ${finding}`,
        `make a better source work: ${PROCESS_SOURCES[0]} is the best`,
      );
    }
    if (index < usedAt && index >= first) return report.degraded(name, finding, remedy);
    return report.spare(name, `not needed; ${finding}`);
  });
  return [checkKernel(used), ...sources, checkOtherProcesses()];
}

/** What eBPF needs of the kernel, whoever runs it. */
function checkKernel(used: ProcessSourceName): Finding {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const [sinceMajor, sinceMinor] = RING_BUFFER_SINCE;
  const ring = major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
  const btf = existsSync('/sys/kernel/btf/vmlinux');
  const lockdown = /\[(\w+)\]/.exec(readSmallFile('/sys/kernel/security/lockdown') ?? '')?.[1] ?? 'none';
  const unprivileged = readSmallFile('/proc/sys/kernel/unprivileged_bpf_disabled')?.trim();
  const found = [
    `Linux ${release()}`,
    ring ? 'BPF ring buffer' : 'no BPF ring buffer',
    btf ? 'BTF' : 'no BTF',
    `lockdown ${lockdown}`,
    `bpf for ordinary users ${unprivileged === '0' ? 'allowed' : 'refused'}`,
  ].join(', ');
  if (used === 'ebpf' || (ring && btf && lockdown !== 'confidentiality')) return report.ok('kernel', found);
  if (!ring) return report.degraded('kernel', found, 'eBPF needs Linux 5.8 or later');
  if (!btf) return report.degraded('kernel', found, 'eBPF needs a kernel built with CONFIG_DEBUG_INFO_BTF');
  return report.degraded(
    'kernel',
    found,
    'in lockdown "confidentiality" no program may read the kernel; boot with lockdown=integrity',
  );
}

/** Loads and attaches the very program the sensor uses, and takes it away again. */
async function tryEbpf(): Promise<Trial> {
  const source = createEbpfSource();
  try {
    await source.start(DEAF);
    return {
      works: true,
      finding: ['every exec with its arguments', source.detail()].filter(Boolean).join('; '),
      remedy: '',
    };
  } catch (error) {
    const code = error instanceof BpfError ? error.code : undefined;
    const remedy =
      code === 'not_permitted'
        ? `${AS_ROOT} (CAP_BPF and CAP_PERFMON)`
        : code === 'verifier'
          ? "report the words above with the kernel's version"
          : 'see the kernel above; the next source is used meanwhile';
    return { works: false, finding: (error as Error).message, remedy };
  } finally {
    await source.stop();
  }
}

/** `asked`: by name, so also where journald would store the records of every exec. */
async function tryAudit(asked: boolean): Promise<Trial> {
  let control: AuditControl | undefined;
  try {
    control = new AuditControl();
    const { enabled, pid, failure, lost } = await control.status();
    const daemon =
      pid === 0 ? 'no audit daemon' : `read by ${readSmallFile(`/proc/${pid}/comm`)?.trim() ?? 'process'} (${pid})`;
    const finding = [
      enabled === AUDIT_LOCKED
        ? 'locked until the next boot (-e 2)'
        : enabled === 1
          ? 'on'
          : 'off; switched on when needed',
      daemon,
      ...(failure === AUDIT_PANIC ? ['the host panics when audit fails; set to harmless while in use'] : []),
      `${lost} records lost since boot`,
    ].join(', ');
    if (pid === 0 && isRecordedElsewhere()) {
      const flood = 'another process (journald?) would store the records of every exec';
      const choice = 'mask systemd-journald-audit.socket, or set sensors.process.source: audit in agent.yaml';
      return { works: asked, finding: `${finding}; ${flood}`, remedy: choice };
    }
    const remedy = 'the rules cannot be changed before the next boot; add -e 2 only after the agent has started';
    return { works: enabled !== AUDIT_LOCKED, finding, remedy };
  } catch (error) {
    return {
      works: false,
      finding: (error as Error).message,
      remedy: `${AS_ROOT} (CAP_AUDIT_CONTROL, CAP_AUDIT_READ), outside of containers`,
    };
  } finally {
    control?.close();
  }
}

function tryConnector(): Trial {
  try {
    new NetlinkSocket({ protocol: NETLINK_CONNECTOR, groups: CN_IDX_PROC }).close();
    return { works: true, finding: 'every exec, of short-lived ones the id only', remedy: '' };
  } catch (error) {
    return {
      works: false,
      finding: (error as Error).message,
      remedy: `${AS_ROOT} (CAP_NET_ADMIN), in the first network namespace`,
    };
  }
}

/** Programs and sockets of other users' processes stand in /proc/PID/exe and /proc/PID/fd. */
function checkOtherProcesses(): Finding {
  const hidden = "programs and sockets of other users' processes are hidden";
  if (readSmallFile('/proc/1/cmdline') === undefined) {
    return report.degraded('/proc', `${hidden}: /proc shows this user its own only (hidepid)`, AS_ROOT);
  }
  const capabilities = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readSmallFile('/proc/self/status') ?? '')?.[1] ?? 0}`,
  );
  if (((capabilities >> CAP_SYS_PTRACE) & 1n) === 1n) return report.ok('/proc', hidden.replace('hidden', 'seen'));
  return report.degraded('/proc', `${hidden}: no CAP_SYS_PTRACE`, AS_ROOT);
}
