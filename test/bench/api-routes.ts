import { sentLogin } from '../support/api-world.ts';

export interface BenchRoute {
  /** "GET /health". */
  route: string;
  path: string;
  body?: unknown;
}

/** What is asked of each route: something it finds an answer to. */
export function benchRoutes({ alertId }: { alertId: string }): BenchRoute[] {
  const get = (path: string, asked = path): BenchRoute => ({ route: `GET ${path}`, path: asked });
  const post = (path: string, body: unknown): BenchRoute => ({ route: `POST ${path}`, path, body });
  return [
    get('/health'),
    get('/health/ready'),
    get('/health/detailed'),
    get('/metrics'),
    get('/api/auth/me'),
    get('/api/threat/health'),
    get('/api/threat/alerts', '/api/threat/alerts?limit=20'),
    get('/api/threat/alerts/:id', `/api/threat/alerts/${alertId}`),
    get('/api/threat/incidents', '/api/threat/incidents?limit=20'),
    get('/api/threat/risk-profile/:kind/:id', '/api/threat/risk-profile/host/web-1'),
    get('/api/threat/agents'),
    get('/api/threat/rules'),
    get('/api/threat/indicators'),
    post('/api/threat/detect-realtime', { events: Array.from({ length: 20 }, () => sentLogin('203.0.113.50')) }),
    post('/api/threat/analyze-behavior', { entity: { kind: 'host', name: 'web-1' } }),
    post('/api/threat/monitor-network', {}),
    post('/api/threat/query-intelligence', { indicators: ['192.0.2.1', 'evil.example', '198.51.100.0/24'] }),
    post('/api/threat/correlate-threats', {}),
    post('/api/threat/events/search', { filters: [{ field: 'source.ip', value: '192.0.2.77' }], limit: 20 }),
  ];
}
