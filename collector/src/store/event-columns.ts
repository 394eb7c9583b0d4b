/** How the column of an ECS field holds its value. */
type ColumnKind = 'text' | 'number' | 'address';

export interface EventColumn {
  column: string;
  kind: ColumnKind;
}

/** ECS fields that stand in a column of their own, so that the database finds them. All others are read from `event`. */
export const FIELD_COLUMNS: Record<string, EventColumn> = {
  'event.module': { column: 'sensor', kind: 'text' },
  'service.name': { column: 'service_name', kind: 'text' },
  'user.name': { column: 'user_name', kind: 'text' },
  'user.id': { column: 'user_id', kind: 'number' },
  'user.target.name': { column: 'target_user_name', kind: 'text' },
  'process.pid': { column: 'process_pid', kind: 'number' },
  'process.name': { column: 'process_name', kind: 'text' },
  'process.executable': { column: 'process_executable', kind: 'text' },
  'process.command_line': { column: 'process_command_line', kind: 'text' },
  'process.parent.pid': { column: 'process_parent_pid', kind: 'number' },
  'process.parent.name': { column: 'process_parent_name', kind: 'text' },
  'process.parent.executable': { column: 'process_parent_executable', kind: 'text' },
  'source.ip': { column: 'source_ip', kind: 'address' },
  'source.port': { column: 'source_port', kind: 'number' },
  'destination.ip': { column: 'destination_ip', kind: 'address' },
  'destination.port': { column: 'destination_port', kind: 'number' },
  'file.path': { column: 'file_path', kind: 'text' },
};

/** Columns of `events` in the order of the rows made here. */
export const EVENT_COLUMNS: readonly string[] = [
  'event_at',
  'observed_at',
  'received_at',
  'agent_id',
  'stream_id',
  'sequence',
  'event_index',
  'class',
  'activity',
  'outcome',
  ...Object.values(FIELD_COLUMNS).map(({ column }) => column),
  'network_bytes',
  'event',
];
