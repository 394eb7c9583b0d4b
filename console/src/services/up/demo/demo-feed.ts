// Indicators of the demonstration: addresses nobody has (RFC 5737) and names nobody can have (RFC 2606), some of which the
// replayed attacks use.
import type { CollectorClient } from '../../../client/collector-client.ts';

const SOURCE = 'demo-feed';
const INDICATORS = [
  'indicator,confidence',
  '198.51.100.66,90',
  '198.51.100.23,75',
  '203.0.113.45,60',
  'cdn-sync.example,80',
  'login-check.example,55',
  'bot.update-service.invalid,70',
  `${'ab'.repeat(32)},85`,
  '203.0.113.0/28,40',
].join('\n');

/** Lets the collector know them, before what has them is replayed. */
export async function importDemoFeed(client: CollectorClient, signal: AbortSignal): Promise<void> {
  const known = await client.listIntelSources();
  if ((known.sources ?? []).some(({ name }) => name === SOURCE)) return;
  async function* parts() {
    yield Buffer.from(INDICATORS);
  }
  const request = { source: SOURCE, format: 'csv', mapping: 'value=indicator,confidence=confidence', tlp: 'clear' };
  await client.importIntel(request, parts(), { signal, onProgress: () => undefined });
}
