import {
  type IntelImport,
  type IntelIndicator,
  type IntelReport,
  intelService,
  type ListIntelRequest,
  type ListIntelSourcesResponse,
  type LookupIntelResponse,
  type RemoveIntelRequest,
  type RemoveIntelResponse,
} from '@threatguard/proto';
import type { Connection } from '../connection.ts';
import { type ImportOptions, importIntel } from '../import-intel.ts';

/** Of indicators, which are small; a collector gives no more at once. */
const INTEL_PAGE_ROWS = 1_000;

export const intelCalls = (connection: Connection) => ({
  importIntel: (request: IntelImport, parts: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<IntelReport> =>
    importIntel(connection, request, parts, options),

  /** At most `limit`, over as many pages as it takes; a page may have none and still not be the last. */
  async listIntel(filter: Pick<ListIntelRequest, 'source' | 'kind'>, limit: number): Promise<IntelIndicator[]> {
    const found: IntelIndicator[] = [];
    let after = '';
    do {
      const rows = Math.min(INTEL_PAGE_ROWS, limit - found.length);
      const page = await connection.call(intelService.listIntel, { ...filter, limit: rows, after });
      for (const indicator of page.indicators ?? []) found.push(indicator);
      after = page.next ?? '';
    } while (after !== '' && found.length < limit);
    return found;
  },

  lookupIntel(value: string): Promise<LookupIntelResponse> {
    return connection.call(intelService.lookupIntel, { value });
  },

  listIntelSources(): Promise<ListIntelSourcesResponse> {
    return connection.call(intelService.listIntelSources, {});
  },

  removeIntel(request: RemoveIntelRequest): Promise<RemoveIntelResponse> {
    return connection.call(intelService.removeIntel, request);
  },
});
