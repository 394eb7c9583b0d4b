// The kernel has one audit: test files that touch it take turns, and leave it as they found it.
import { execFileSync, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { AuditControl, type AuditStatus } from '../../agent/src/sensors/process/audit-control.ts';

/** A socket of the abstract namespace: the kernel gives it back with the process that held it. */
const TURN = '\0threatguard-test-kernel-audit';
const TURN_MS_MAX = 300_000;

export const hasProgram = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
export const listRules = () => execFileSync('auditctl', ['-l'], { encoding: 'utf8' });

export interface KernelAudit {
  /** Whether audit may be used here: root, auditctl, no daemon, no rules, not locked. */
  free: boolean;
  /** How it was found. */
  before: AuditStatus | undefined;
  expectAsFound(): Promise<void>;
  release(): Promise<void>;
}

export async function readStatus(): Promise<AuditStatus> {
  return withControl((control) => control.status());
}

export async function setStatus(settings: Partial<AuditStatus>): Promise<void> {
  await withControl((control) => control.set(settings));
}

/** Waits for its turn; call `release` when the tests of the file are over. */
export async function takeKernelAudit(): Promise<KernelAudit> {
  if (process.getuid?.() !== 0 || !hasProgram('auditctl')) return unusable();
  const server = await takeTurn();
  const release = () => new Promise<void>((resolve) => server.close(() => resolve()));
  const before = await readStatus().catch(() => undefined);
  const free = before?.pid === 0 && before.enabled !== 2 && listRules() === 'No rules\n';
  if (!free) await release();
  return {
    free,
    before,
    async expectAsFound() {
      expect({ ...(await readStatus()), lost: 0 }).toEqual({ ...before, lost: 0 });
      expect(listRules()).toBe('No rules\n');
    },
    release,
  };
}

const unusable = (): KernelAudit => ({
  free: false,
  before: undefined,
  expectAsFound: async () => undefined,
  release: async () => undefined,
});

async function takeTurn() {
  const deadline = performance.now() + TURN_MS_MAX;
  for (;;) {
    const server = createServer();
    const taken = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(TURN, () => resolve(true));
    });
    if (taken) return server;
    if (performance.now() > deadline) throw new Error('another test holds the kernel audit for too long');
    await setTimeout(50);
  }
}

async function withControl<T>(ask: (control: AuditControl) => Promise<T>): Promise<T> {
  const control = new AuditControl();
  try {
    return await ask(control);
  } finally {
    control.close();
  }
}
