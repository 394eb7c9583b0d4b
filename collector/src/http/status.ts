import type { StatusParts } from '../api/status.ts';

/** What the HTTP service tells of the collector. */
export type HttpStatus = Omit<StatusParts, 'retention' | 'correlator' | 'consoleNatsUrl' | 'intel'>;
