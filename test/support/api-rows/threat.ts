import { expect } from 'vitest';
import { sentLogin } from '../api-world.ts';
import { answers, type Row, refuses, wrongToken } from './row.ts';

const NO_ID = '7zzzzzzzzzzzzzzzzzzzzzzzzz';
const backwards = { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' };
const late = { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' };
const list = expect.any(Array);

/** Of one thing by its id: whole, or what only one begins with. */
const byId = [
  refuses(404, 'an id nothing has', { path: { id: NO_ID } }),
  refuses(409, 'what several begin with', { path: { id: '0' } }),
  refuses(400, 'what is no id', { path: { id: '../users' } }, '/path/id'),
];
const pages = [
  refuses(400, 'a page of nothing', { query: { limit: 0 } }, '/query/limit'),
  refuses(400, 'a filter there is not', { query: { sverity: 'high' } }, '/query/sverity'),
];

export const THREAT_ROWS: Record<string, Row> = {
  'GET /health': answers(200, { status: 'up' }, { token: null }),
  'GET /health/ready': answers(200, { ready: true, because: [] }, { token: null }),
  'GET /health/detailed': answers(200, { status: 'up', agents: { enrolled: 1, connected: 1 } }, {}, wrongToken),
  'GET /health/redis': answers(200, { status: 'not_configured' }, {}, wrongToken),
  'GET /metrics': answers(200, undefined, {}, wrongToken),
  'GET /api/threat/health': answers(200, { status: 'up', agents: { enrolled: 1, connected: 1 } }, {}),
  'POST /api/threat/detect-realtime': answers(
    200,
    { events: 20, stored: false, detections: expect.arrayContaining([expect.objectContaining({ severity: 'high' })]) },
    () => ({ body: { events: Array.from({ length: 20 }, () => sentLogin('203.0.113.70')) } }),
    refuses(400, 'no events', { body: { events: [] } }, '/body/events'),
    refuses(400, 'a class there is not', { body: { events: [{ class: 'weather' }] } }, '/body/events/0/class'),
    refuses(
      400,
      'a port beyond ports',
      { body: { events: [{ class: 'network', network: { source_port: 70_000 } }] } },
      '/body/events/0/network/source_port',
    ),
    refuses(403, 'to store, without the scope for it', async ({ admin }) => ({
      token: (await admin.ask('/api/tokens', { json: { scopes: ['detection:run'] } })).body.token,
      body: { events: [{ class: 'host' }], store: true },
    })),
  ),
  'POST /api/threat/analyze-behavior': answers(
    200,
    { entity: { kind: 'host', name: 'web-1' }, reasons: list },
    { body: { entity: { kind: 'host', name: 'web-1' } } },
    refuses(404, 'a host nobody knows', { body: { entity: { kind: 'host', name: 'nowhere' } } }),
    refuses(400, 'a kind there is not', { body: { entity: { kind: 'planet', name: 'x' } } }, '/body/entity/kind'),
    refuses(
      400,
      'a window that ends before it begins',
      {
        body: { entity: { kind: 'host', name: 'web-1' }, window: late },
      },
      '/body/window',
    ),
  ),
  'POST /api/threat/monitor-network': answers(
    200,
    { complete: true, destinations: list },
    { body: {} },
    refuses(404, 'a host nobody knows', { body: { host: 'nowhere' } }),
    refuses(400, 'an address that is none', { body: { address: '300.1.1.1' } }, '/body/address'),
    refuses(400, 'a window that ends before it begins', { body: { window: late } }, '/body/window'),
  ),
  'POST /api/threat/query-intelligence': answers(
    200,
    { results: [expect.objectContaining({ kind: 'address', known: false })] },
    { body: { indicators: ['192.0.2[.]200'] } },
    refuses(400, 'what is no indicator', { body: { indicators: ['192.0.2.1', 'what is this'] } }, '/body/indicators/1'),
    refuses(400, 'nothing', { body: { indicators: [] } }, '/body/indicators'),
  ),
  'POST /api/threat/correlate-threats': answers(
    200,
    { incidents: list, complete: true },
    { body: {} },
    refuses(404, 'an alert nobody has', { body: { alerts: [NO_ID] } }),
    refuses(409, 'what several alerts begin with', { body: { alerts: ['0'] } }),
    refuses(400, 'a time that ends before it begins', { body: backwards }, '/body/until'),
    refuses(
      400,
      'alerts and an entity',
      { body: { alerts: ['0'], entity: { kind: 'host', name: 'x' } } },
      '/body/alerts',
    ),
  ),
  'GET /api/threat/risk-profile/{kind}/{id}': answers(
    200,
    { entity: { kind: 'host', name: 'web-1' }, reasons: list },
    { path: { kind: 'host', id: 'web-1' } },
    refuses(404, 'somebody no alert is about', { path: { kind: 'user', id: 'nobody' } }),
    refuses(400, 'a kind there is not', { path: { kind: 'planet', id: 'x' } }, '/path/kind'),
  ),
  'GET /api/threat/alerts': answers(
    200,
    { alerts: [expect.any(Object)], next: expect.stringMatching(/./) },
    { query: { limit: 1, severity: 'low', since: '2026-01-01T00:00:00Z' } },
    ...pages,
    refuses(400, 'a time that is none', { query: { since: 'yesterday' } }, '/query/since'),
    refuses(400, 'a time that ends before it begins', { query: backwards }, '/query/until'),
    refuses(400, 'a limit that is no number', { query: { limit: 'many' } }, '/query/limit'),
  ),
  'GET /api/threat/alerts/{id}': answers(
    200,
    { alert: expect.any(Object), events: list },
    async (world) => ({ path: { id: await world.idOf('alerts') } }),
    ...byId,
  ),
  'GET /api/threat/incidents': answers(200, { incidents: list }, { query: { state: 'open' } }, ...pages),
  'GET /api/threat/incidents/{id}': answers(
    200,
    { incident: expect.any(Object) },
    async (world) => ({ path: { id: await world.idOf('incidents') } }),
    ...byId,
  ),
  'GET /api/threat/agents': answers(200, { agents: [expect.objectContaining({ name: 'web-1' })] }, {}),
  'GET /api/threat/agents/{agent}': answers(
    200,
    { observed_hour: 1, losses: [] },
    { path: { agent: 'web-1' } },
    refuses(404, 'a host nobody knows', { path: { agent: 'nowhere' } }),
    refuses(400, 'a name beyond names', { path: { agent: 'x'.repeat(129) } }, '/path/agent'),
  ),
  'POST /api/threat/events/search': answers(
    200,
    { events: expect.arrayContaining([expect.objectContaining({ 'source.ip': '192.0.2.77' })]) },
    { body: { filters: [{ field: 'source.ip', value: '192.0.2.0/24' }] } },
    refuses(400, 'a limit beyond limits', { body: { limit: 1_001 } }, '/body/limit'),
    refuses(400, 'a time that ends before it begins', { body: backwards }, '/body/until'),
    refuses(400, 'a field no event has', { body: { filters: [{ field: 'usr.name', value: 'x' }] } }),
    refuses(400, 'a cursor of somebody else', { body: { after: "'" } }),
  ),
  'GET /api/threat/rules': answers(200, { rules: list, problems: [] }, {}),
  'GET /api/threat/indicators': answers(
    200,
    { indicators: [], next: '' },
    { query: { kind: 'address' } },
    refuses(404, 'a source there is not', { query: { source: 'nobody' } }),
    refuses(400, 'a kind there is not', { query: { kind: 'smell' } }, '/query/kind'),
  ),
  'POST /api/stream/tickets': answers(201, { ticket: expect.any(String), expires_in: 30 }, {}),
  // Over HTTP alone it has nothing: what it is for is tested over WebSocket.
  'GET /api/stream': answers(
    400,
    { detail: expect.stringContaining('Upgrade: websocket') },
    {},
    refuses(400, 'a filter there is not', { query: { sverity: 'high' } }, '/query/sverity'),
    refuses(400, 'a time that ends before it begins', { query: backwards }, '/query/until'),
  ),
};
