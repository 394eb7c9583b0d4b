// A fastify service with nothing around its route: what one request costs here at least.
import fastify from 'fastify';
import { serveOrders } from './bench-child.ts';

const orders = {
  async listen(_: null): Promise<string> {
    const app = fastify({ logger: false });
    app.get('/', async () => ({ status: 'up', checked_at: '2026-11-21T12:00:00.000Z' }));
    app.post('/', async () => ({ status: 'up', checked_at: '2026-11-21T12:00:00.000Z' }));
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
};

export type BareOrders = typeof orders;

serveOrders(orders);
