// What the health of a collector is made of.
import type { Store } from '../../store/store.ts';
import type { Finding, Probe } from './board.ts';

/** The database: it answers, and what is to be stored is. */
export function storeProbe(store: Pick<Store, 'ping'>, writer: { readonly problem: string | undefined }): Probe {
  return {
    name: 'store',
    needed: true,
    look: async (signal) => {
      if (writer.problem) return { state: 'down', detail: writer.problem };
      await store.ping(signal);
      return { state: 'up' };
    },
  };
}

/** NATS, by what the publisher knows of its connection. Without it alerts wait in the outbox, and consoles have gRPC. */
export function publishProbe(state: () => string): Probe {
  return { name: 'nats', needed: false, look: () => publishFinding(state()) };
}

function publishFinding(state: string): Finding {
  if (state === 'off') return { state: 'not_configured' };
  if (state.startsWith('connected')) return { state: 'up' };
  return { state: 'down', detail: state.replace(/^unavailable: /, '') };
}

/** Rules that could not be loaded or were switched off: those are not looked for. */
export function rulesProbe(rules: { disabled: () => string[] }): Probe {
  return {
    name: 'rules',
    needed: false,
    look: () => {
      const off = rules.disabled().length;
      return off === 0 ? { state: 'up' } : { state: 'degraded', detail: `${off} rules are off` };
    },
  };
}
