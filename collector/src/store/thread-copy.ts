// A group as another thread is given it. Bytes travel as copies, which are handed over for good: the group itself may have
// to be stored again, and views of an envelope would take the whole of it along.
import type { CommitBatch } from '../batch.ts';
import type { CommitGroup } from './commit-group.ts';

export function copyForThread(group: CommitGroup): { group: CommitGroup; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const copy = (view: Uint8Array) => {
    const buffer = view.buffer.slice(view.byteOffset, view.byteOffset + view.length) as ArrayBuffer;
    transfer.push(buffer);
    return new Uint8Array(buffer);
  };
  const batches = group.batches.map((batch): CommitBatch => {
    const { streamId, sequence, headerDigest, losses } = batch.header;
    return {
      ...batch,
      header: { streamId: copy(streamId), sequence, headerDigest: copy(headerDigest), losses },
      headerBytes: copy(batch.headerBytes),
      signature: copy(batch.signature),
      payload: copy(batch.payload),
      eventRows: copy(batch.eventRows),
      termRows: copy(batch.termRows),
    };
  });
  return { group: { ...group, batches }, transfer };
}
